"""What a study may ask for: one row a method."""

from __future__ import annotations

from dataclasses import dataclass

ANY_SAMPLE = ("latin_hypercube", "sobol_sequence", "halton", "factorial")


@dataclass(frozen=True)
class Method:
    """A method as study files name it.

    design : the design that it needs; None for one of `ANY_SAMPLE`. size : by default.
    options, settings : keys of [method] that its design and its analysis take.
    independent : whether inputs must not be correlated. grouped : whether it speaks of groups and not of
    single inputs.
    says : what it answers, for messages and the report.
    """

    design: str | None
    size: int
    options: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    independent: bool = True
    grouped: bool = False
    says: str = ""


METHODS: dict[str, Method] = {
    "sobol": Method(
        "saltelli",
        1024,
        ("second_order",),
        ("confidence", "resamples"),
        grouped=True,
        says="shares of the variance that inputs explain, alone and with all others",
    ),
    "morris": Method(
        "morris",
        40,
        ("levels",),
        ("confidence", "resamples"),
        grouped=True,
        says="which inputs matter at all, from few runs",
    ),
    "efast": Method("efast", 257, ("curves",), says="shares of the variance, by the frequency of each input"),
    "tornado": Method(
        "one_at_a_time",
        1,
        ("low", "high"),
        grouped=True,
        says="what each end of a range does while everything else stands still",
    ),
    "dgsm": Method(
        None,
        256,
        settings=("confidence", "resamples"),
        says="upper bounds of total effects, from exact derivatives",
    ),
    "pawn": Method(
        None,
        1024,
        settings=("slices", "confidence", "resamples"),
        independent=False,
        says="how far the distribution of an output moves with an input",
    ),
    "delta": Method(
        None,
        1024,
        settings=("confidence", "resamples"),
        independent=False,
        says="how far the density of an output moves when an input is known",
    ),
    "uncertainty": Method(None, 1024, independent=False, says="how far outputs spread"),
}
