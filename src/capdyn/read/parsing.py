"""Around each call of PySD: its warnings, its recursion and its exceptions."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .source import Mistake


@contextmanager
def quiet() -> Iterator[None]:
    """Without PySD's warnings: what matters in them is said by us, with a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def deep(limit: int = 20_000) -> Iterator[None]:
    """Room for PySD's recursion, some 60 frames a bracket; how deep brackets may go is limited in `plain`."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def explained(offset: int, place: Callable[[int], int]) -> Iterator[None]:
    """PySD's exceptions as a Mistake with a place; the last net under our own checks."""
    from parsimonious.exceptions import ParseError, ParsimoniousError

    try:
        yield
    except ParseError as error:
        raise Mistake(
            "The equation cannot be understood from here on.",
            place(max(error.pos, 0)),
            "Compare with the form of its functions and operators; comparisons and :NOT: "
            "next to other operators need brackets.",
        ) from None
    except RecursionError:
        raise Mistake(
            "The equation is nested too deeply.", offset, "Split it into several variables."
        ) from None
    except (ParsimoniousError, ValueError, TypeError, KeyError, IndexError, SyntaxError, AssertionError):
        raise Mistake("The equation cannot be understood.", offset, "Write it in smaller parts.") from None
