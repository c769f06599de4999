"""The gate before every analysis: outputs that are not finite are counted, located, and treated as the study says.

refuse    an output with any of them gets no numbers
drop      the whole block of such a run is left out: the numbers are those of the space where the model works,
and say so restrict  the largest box of the inputs without such runs is found, and only blocks within it count
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .discover import Box, choose, cleared, prim

LEAST_BLOCKS = 4  # blocks below which nothing is computed: an interval from fewer means nothing


@dataclass(frozen=True)
class Gate:
    """What passed, and what did not.

    keep : ndarray of bool, shape (n_runs,), whole blocks; nothing where the analysis is refused.
    policy : as the study names it. n_runs, n_failed : of all runs, those with an output that is not finite.
    n_blocks, n_kept : blocks of the design, and those that are kept.
    where : the box in which the failures are found best, if there is one. within : the box that `restrict` keeps.
    refusal : why nothing is computed, or ''.
    """

    keep: np.ndarray
    policy: str
    n_runs: int
    n_failed: int
    n_blocks: int
    n_kept: int
    where: Box | None = None
    within: Box | None = None
    refusal: str = ""


def gate(
    x: np.ndarray,
    block: np.ndarray,
    broken: np.ndarray,
    policy: str,
    restrictable: bool = True,
    least: int = LEAST_BLOCKS,
) -> Gate:
    """Applies a policy to the runs of a design.

    Parameters
    ----------
    x : ndarray, shape (n_runs, n_inputs)
        Quantiles of the inputs.
    block : ndarray, shape (n_runs,)
        The block of each run, from 0 without gaps.
    broken : ndarray of bool, shape (n_runs,)
        Whether the run's output is not finite.
    policy : str
        'refuse', 'drop' or 'restrict'.
    restrictable : bool
        Whether a block can lie within a part of the space; a curve of eFAST crosses all of it.
    least : int
        Blocks below which nothing is computed.

    Returns
    -------
    Gate
    """
    n_blocks = int(block[-1]) + 1 if len(block) else 0
    failed = int(broken.sum())
    if not failed and n_blocks >= least:
        return Gate(np.ones(len(x), dtype=bool), policy, len(x), 0, n_blocks, n_blocks)
    where = choose(prim(x, broken), x, broken) if failed else None
    kept_blocks = np.ones(n_blocks, dtype=bool)
    kept_blocks[block[broken]] = False
    within, refusal = None, ""
    if policy == "refuse" and failed:
        refusal = "the study refuses to compute anything where a run failed"
    elif policy == "restrict" and failed:
        within = cleared(x, broken) if restrictable else None
        if within is None:
            refusal = (
                "no part of the space is free of failures"
                if restrictable
                else "each curve of eFAST crosses the whole space; narrow the inputs' ranges instead"
            )
        else:
            kept_blocks[block[~within.holds(x)]] = False
    n_kept = int(kept_blocks.sum())
    if not refusal and n_kept < least:
        refusal = f"only {n_kept} of {n_blocks} blocks of runs are left, and {least} are needed"
    if refusal:
        kept_blocks[:] = False
        n_kept = 0
    return Gate(kept_blocks[block], policy, len(x), failed, n_blocks, n_kept, where, within, refusal)
