"""What `capdyn policy` says, as tables and sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..run.summary import Table
from .outlay import CAPPED, FAILED

_MOST = 12  # pairs that are shown from either end


def table_of(found: xr.Dataset) -> Table:
    """Gains at equal outlay, best first; of pairs those that help and hinder one another most."""
    order = np.argsort(-np.nan_to_num(found["gain"].values, nan=-np.inf), kind="stable")
    pairs = found["kind"].values[0] == "pair"
    what = f"{found.attrs['outcome']}, {found.attrs['at']}; discounted outlay {float(found['budget']):.4g}"
    if pairs:
        order = np.argsort(-np.nan_to_num(found["interaction"].values, nan=-np.inf), kind="stable")
        if len(order) > 2 * _MOST:
            order = np.concatenate([order[:_MOST], order[-_MOST:]])
            what += f"; of {found.sizes['package']} pairs the {_MOST} at either end by interaction"
    rows = []
    for i in order:
        one = found.isel(package=int(i))
        status = int(one["status"])
        note = {CAPPED: "all it can spend", FAILED: "failed"}.get(status, "")
        share = float(one["outlay"]) / float(found["budget"])
        rows.append(
            (
                str(one["package"].item()),
                _number(float(one["gain"])),
                _number(float(one["parts"])),
                _number(float(one["interaction"])),
                f"{share:.0%}" if np.isfinite(share) else "n/a",
                _number(float(one["intensity"].max())),
                note,
            )
        )
    head = ("package", "gain", "parts", "interaction", "outlay", "intensity", "")
    return Table(f"Gain at equal outlay ({what})", head, tuple(rows))


def sentence_of(found: xr.Dataset) -> str:
    """The first package against the second by gain, and how much of that is interaction."""
    good = found.isel(package=np.flatnonzero(np.isfinite(found["gain"].values)))
    if good.sizes["package"] < 2 or good["kind"].values[0] == "pair":
        return ""
    best, next_ = np.argsort(-good["gain"].values, kind="stable")[:2]
    names = [str(good["package"].values[i]) for i in (best, next_)]
    lead = float(good["gain"].values[best] - good["gain"].values[next_])
    if not lead > 0.0:
        return ""
    said = f"'{names[0]}' gains {_number(lead)} more than '{names[1]}'"
    share = float(good["interaction"].values[best] - good["interaction"].values[next_]) / lead
    return said + (f"; {share:.1%} of that is interaction of its levers." if np.isfinite(share) else ".")


def words_of(shares: dict[str, Any], worlds: xr.Dataset) -> str:
    """The order of two packages over the ranges of assumptions, in words."""
    first, second = (str(name) for name in worlds["package"].values)
    within = float(worlds.attrs["within"])
    reach = (
        "over their whole ranges"
        if within == 1.0
        else f"within {within:.0%} of the way to the ends of their ranges"
    )
    lines = [
        f"{shares['draws']} worlds, all constants {reach} (seed {worlds.attrs['seed']}): {shares['ran']} ran, "
        f"{shares['failed']} failed (a run was not finite), {shares['nothing spent']} without outlay."
    ]
    if shares["ran"]:
        low, high = shares["interval"]
        lines += [
            f"'{first}' gains more than '{second}' in {shares['first']:.1%} of those that ran (95 %: {low:.1%} to "
            f"{high:.1%}), less in {shares['second']:.1%}.",
            f"By more than {shares['margin']:g}: more in {shares['first clearly']:.1%}, less in "
            f"{shares['second clearly']:.1%}, neither in {shares['neither']:.1%}.",
            f"The levers of '{first}' help one another in {shares['helped']:.1%}; of the difference in gain summed "
            f"over all worlds, {shares['interaction']:.0%} is interaction.",
        ]
    return "\n".join(lines) + "\n"


def ends_in_words(ends: xr.Dataset) -> str:
    """What starts a take-off, and what sustains it."""
    what, factors, level = (
        str(ends["factor"].attrs["long_name"]),
        ends["factor"].values,
        float(ends.attrs["level"]),
    )
    lines = [
        f"{what}, from {factors[0]:g} to {factors[-1]:g}; {ends.attrs['outcome']} after {ends.attrs['years']:g}"
    ]
    for begun in ends["begun"].values:
        states, at = ends["state"].sel(begun=begun).values, float(ends["threshold"].sel(begun=begun))
        failed = int(np.isnan(states).sum())
        if np.isfinite(at):
            said = f"passes {level:.3g} at {at:.3g}"
        elif failed == len(states):
            said = "all runs failed"
        else:
            said = f"stays {'above' if np.nanmin(states) >= level else 'below'} {level:.3g} throughout"
        lines.append(
            f"  begun {begun} ({ends.attrs[str(begun)]}): {said}"
            + (f"; {failed} runs failed" if failed else "")
        )
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "n/a"
