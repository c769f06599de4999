"""Numbers and arrays of numbers, read without PySD: most of a model's equations, and the only ones it would eval."""

from __future__ import annotations

from itertools import pairwise

from ..lang.expressions import Array, Expression, Number
from ..lang.names import key
from .source import Mistake
from .tokens import Token, pairs


def literal(tokens: list[Token], text: str, start: int) -> Expression | None:
    """A number, a list of numbers `1,2,3`, a table of numbers `1,2;3,4;` or a TABBED ARRAY; None if it is none."""
    if len(tokens) > 2 and key(tokens[0].text) == "tabbed array" and tokens[1].kind == "(":
        return _tabbed(tokens, text, start)
    kinds = {token.kind for token in tokens if token.text not in ("+", "-")}
    if "number" not in kinds or kinds - {"number", ",", ";"}:
        return None
    if len(kinds) == 1:
        signed = _signed(tokens)
        return Number(signed[0]) if signed and len(signed) == 1 else None
    rows: list[list[float]] = []
    row: list[Token] = []
    for token in [*tokens, *([] if tokens[-1].kind == ";" else [Token(";", ";", tokens[-1].end)])]:
        if token.kind != ";":
            row.append(token)
            continue
        rows.append(_row(row, token))
        row = []
        if len(rows[-1]) != len(rows[0]):
            raise Mistake(
                f"This row has {len(rows[-1])} numbers, the first has {len(rows[0])}.",
                token.start,
                "Rows end with ; and are of the same length.",
            )
    return _array(rows)


def _array(rows: list[list[float]]) -> Array:
    shape = tuple(length for length in (len(rows), len(rows[0])) if length > 1) or (1,)
    return Array(tuple(value for row in rows for value in row), shape)


def _row(tokens: list[Token], stop: Token) -> list[float]:
    """The numbers of `1,-2,3`."""
    values: list[float] = []
    begin = 0
    for index in [*(i for i, token in enumerate(tokens) if token.kind == ","), len(tokens)]:
        signed = _signed(tokens[begin:index])
        if not signed or len(signed) != 1:
            here = tokens[begin] if begin < len(tokens) else stop
            raise Mistake(
                "A number is missing in a list of numbers, or two stand side by side.",
                here.start,
                "Write numbers with commas between them; rows end with ;.",
            )
        values.append(signed[0])
        begin = index + 1
    return values


def _signed(tokens: list[Token]) -> list[float] | None:
    """The values of `-1 2 +3`; None if a sign stands alone or an operator is between."""
    values: list[float] = []
    sign = ""
    for token in tokens:
        if token.kind == "number":
            value = float(token.text)
            values.append(-value if sign == "-" else value)
            sign = ""
        elif sign:
            return None
        else:
            sign = token.text
    return None if sign else values


def _tabbed(tokens: list[Token], text: str, start: int) -> Expression:
    """TABBED ARRAY( numbers with tabs between them, rows on lines )."""
    closing = pairs(tokens)[1]
    if closing != len(tokens) - 1:
        raise Mistake("Something follows the TABBED ARRAY.", tokens[closing + 1].start, "Take it out.")
    rows: list[list[float]] = []
    row: list[Token] = []
    for before, token in pairwise(tokens[1:]):
        line_ended = "\n" in text[before.end - start : token.start - start] or token.kind == ")"
        if line_ended and row:
            signed = _signed(row)
            if not signed:
                raise Mistake(
                    "A TABBED ARRAY can only hold numbers.", row[0].start, "Write numbers with tabs between."
                )
            rows.append(signed)
            row = []
        row.append(token)
    if not rows or any(len(one) != len(rows[0]) for one in rows):
        raise Mistake(
            "The rows of the TABBED ARRAY are empty or differ in length.",
            tokens[0].start,
            "Write the same number of numbers in each line.",
        )
    return _array(rows)
