"""An equation written anew for PySD: names, numbers, texts and tables replaced by `k0`, `k1`, ...

PySD's grammar then groups the operators, and what each `kN` was is looked up afterwards. For four reasons: its
visitors call `eval` on numbers, texts and tables; they fold a sign into a number before a power (-2^2 would
be 4); they cut subscripts at commas inside quotes; and XMILE names such as `notional` are read as `not ional`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..lang.expressions import Array, Table
from ..lang.names import key
from .source import Mistake
from .tokens import Token, check, pairs

DEEPEST = 100  # brackets inside one another
NEGATIVE = "negative"
SAFELY = "#safely"  # stands between the two / of XMILE's //, which PySD does not know
Word = Token | Table | Array | str


@dataclass
class Plain:
    """The text for PySD; `words[n]` is what `kn` stands for; `spots` are (place in text, offset in the file)."""

    text: str
    words: list[Word]
    spots: list[tuple[int, int]] = field(default_factory=list)

    def offset(self, place: int) -> int:
        """Offset in the file of a place in the text."""
        return max((spot for spot in self.spots if spot[0] <= place), default=self.spots[0])[1]


def plain(
    tokens: list[Token], end: int, structures: dict[str, tuple[int, ...]], words: list[Word] | None = None
) -> Plain:
    """The equation as PySD is given it.

    end : offset of the end of the equation. structures : key of each function for which PySD has a node type
    of its own, with the numbers of arguments that it may have. words : those of equations that go to PySD together.

    Raises
    ------
    Mistake
        If brackets, operators and operands are not in order, or a function has a wrong number of arguments.
    """
    words = [] if words is None else words
    tokens = _fold_tables(tokens, words)
    match = check(tokens, end)
    _check_depth(tokens)
    before, after, dropped = _signs(tokens, match, words)
    pieces: list[str] = []
    spots: list[tuple[int, int]] = []
    branches = _Branches()
    length = 0
    for index, token in enumerate(tokens):
        piece = "" if index in dropped else _piece(index, tokens, match, words, structures, branches)
        piece = before.get(index, "") + piece + after.get(index, "")
        spots.append((length, token.start))
        pieces.append(piece)
        length += len(piece)
    return Plain("".join(pieces) + branches.close(0), words, spots)


def _piece(
    index: int,
    tokens: list[Token],
    match: dict[int, int],
    words: list[Word],
    structures: dict[str, tuple[int, ...]],
    branches: _Branches,
) -> str:
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    called = following is not None and following.kind == "("
    if token.kind == "name" and called:
        name = key(token.text)
        if name == "with lookup":  # check for its table is in _fold_tables
            return f"k{_table_of(index, tokens, match)}"
        if name in structures:
            _check_arity(name, index, tokens, match, structures[name])
            return name.replace(" ", "_")
    if token.kind in ("name", "quoted", "number", "missing", "text"):
        words.append(token)
        return f"k{len(words) - 1}"
    if token.text == "//":
        words.append(SAFELY)
        return f"/k{len(words) - 1}/"
    if token.kind == "table" or (token.kind == "," and following is not None and following.kind == "table"):
        return ""
    if token.kind == "logic":
        word = token.text.strip(":").strip().lower()
        space = "" if word == "not" else " "  # the grammar takes no space before the first word
        return f"{space}:{word.upper()}: " if token.text.startswith(":") else f"{space}{word} "
    if token.kind in ("if", "then", "else"):
        return branches.at(token)
    if token.kind == "mod":
        _check_modulo(index, tokens, match)
        return " mod "
    if token.kind in "([":
        branches.depth += 1
    elif token.kind in ")]":
        branches.depth -= 1
        return branches.close(branches.depth + 1) + token.text
    elif token.kind == ",":
        return branches.close(branches.depth) + token.text
    return token.text


def _check_depth(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += (token.kind in "([") - (token.kind in ")]")
        if depth > DEEPEST:
            raise Mistake(
                "The equation is nested too deeply.",
                token.start,
                f"At most {DEEPEST} brackets inside one another: split it into several variables.",
            )


def _check_arity(
    name: str, index: int, tokens: list[Token], match: dict[int, int], allowed: tuple[int, ...]
) -> None:
    opening, closing = index + 1, match[index + 1]
    depth, count = 0, int(closing > opening + 1)
    for token in tokens[opening + 1 : closing]:
        depth += (token.kind in "([") - (token.kind in ")]")
        count += token.kind == "," and depth == 0
    if count not in allowed:
        takes = " or ".join(str(number) for number in allowed)
        raise Mistake(
            f"{name.upper()} takes {takes} argument{'s' * (takes != '1')}, and has {count}.",
            tokens[index].start,
            "Add or take out arguments.",
        )


# tables -------------------------------------------------------------------------------------------------------------


def _fold_tables(tokens: list[Token], words: list[Word]) -> list[Token]:
    """Each table of a WITH LOOKUP as one token whose text is its index in `words`."""
    tokens = list(tokens)
    for index in range(len(tokens) - 2, -1, -1):  # inner ones first
        if (
            tokens[index].kind != "name"
            or key(tokens[index].text) != "with lookup"
            or tokens[index + 1].kind != "("
        ):
            continue
        closing = pairs(tokens)[index + 1]
        depth, comma = 0, 0
        for here in range(index + 2, closing):
            depth += (tokens[here].kind in "([") - (tokens[here].kind in ")]")
            if tokens[here].kind == "," and depth == 0:
                comma = here
                break
        if not comma or comma + 1 == closing:
            raise Mistake(
                "WITH LOOKUP has no table.",
                tokens[index].start,
                "It reads: WITH LOOKUP(variable, ((x1,y1),(x2,y2)))",
            )
        table, after = read_table(tokens, comma + 1)
        if after != closing:
            raise Mistake("Something follows the table of WITH LOOKUP.", tokens[after].start, "Take it out.")
        words.append(table)
        tokens[comma + 1 : closing] = [Token("table", str(len(words) - 1), tokens[comma + 1].start)]
    return tokens


def _table_of(index: int, tokens: list[Token], match: dict[int, int]) -> str:
    return tokens[match[index + 1] - 1].text


def read_table(tokens: list[Token], index: int) -> tuple[Table, int]:
    """The table `((x,y),(x,y),...)` or `(x,x,...,y,y,...)` that begins at a token, and the index after it.

    Sorted by x, as Vensim does. Source: https://www.vensim.com/documentation/lookups.html .
    """
    points: list[tuple[float, float]] = []
    how = "Points read: ((x1,y1),(x2,y2),...), numbers only."

    def expect(kind: str) -> None:
        nonlocal index
        if index >= len(tokens) or tokens[index].kind != kind:
            here = tokens[min(index, len(tokens) - 1)]
            raise Mistake(f"This table has '{here.text}' where {kind} should be.", here.start, how)
        index += 1

    def number() -> float:
        nonlocal index
        sign = 1.0
        if index < len(tokens) and tokens[index].text in ("-", "+"):
            sign = -1.0 if tokens[index].text == "-" else 1.0
            index += 1
        expect("number")
        return sign * float(tokens[index - 1].text)

    expect("(")
    if index < len(tokens) and tokens[index].kind == "limits":
        index += 1
    if index < len(tokens) and (tokens[index].kind == "number" or tokens[index].text in ("-", "+")):
        begin = index
        numbers = [number()]
        while index < len(tokens) and tokens[index].kind == ",":
            index += 1
            numbers.append(number())
        expect(")")
        if len(numbers) % 2:
            raise Mistake(
                f"This table lists {len(numbers)} numbers, which are not as many x as y.",
                tokens[begin].start,
                "They read: x1, x2, ..., y1, y2, ...; or ((x1,y1),(x2,y2),...)",
            )
        half = len(numbers) // 2
        return _sorted(list(zip(numbers[:half], numbers[half:], strict=True))), index
    while True:
        expect("(")
        x = number()
        expect(",")
        points.append((x, number()))
        expect(")")
        if index >= len(tokens) or tokens[index].kind != ",":
            break
        index += 1
    expect(")")
    return _sorted(points), index


def _sorted(points: list[tuple[float, float]]) -> Table:
    points.sort(key=lambda point: point[0])  # stable: of two points with the same x the written order holds
    return Table(tuple(x for x, _ in points), tuple(y for _, y in points))


# signs and powers ---------------------------------------------------------------------------------------------------


def _signs(
    tokens: list[Token], match: dict[int, int], words: list[Word]
) -> tuple[dict[int, str], dict[int, str], set[int]]:
    """Text to put before and after tokens so that powers bind tighter than the sign before them: -a^b is -(a^b).

    Source for Vensim's order: https://www.vensim.com/documentation/operators.html and the tests of
    https://github.com/climateinteractive/antlr4-vensim, which also group ^ to the left.
    """
    before: dict[int, str] = {}
    after: dict[int, str] = {}
    dropped: set[int] = set()
    index = 0
    while index < len(tokens):
        if not _is_sign(index, tokens):
            index += 1
            continue
        first, minus = index, 0
        while _is_sign(index, tokens):
            minus += tokens[index].text == "-"
            dropped.add(index)
            index += 1
        if minus % 2 == 0:
            continue
        end = _primary(index, tokens, match)
        if first and tokens[first - 1].text == "^":
            words.append(NEGATIVE)
            before[index] = before.get(index, "") + f"k{len(words) - 1}("
        else:
            while end + 1 < len(tokens) and tokens[end + 1].text == "^":
                end += 2
                while _is_sign(end, tokens):
                    end += 1
                end = _primary(end, tokens, match)
            before[index] = "-("
        after[end] = after.get(end, "") + ")"
    return before, after, dropped


def _is_sign(index: int, tokens: list[Token]) -> bool:
    if index >= len(tokens) or tokens[index].text not in ("+", "-"):
        return False
    return index == 0 or tokens[index - 1].kind in (
        "operator",
        "logic",
        "(",
        ",",
        "mod",
        "if",
        "then",
        "else",
    )


def _primary(index: int, tokens: list[Token], match: dict[int, int]) -> int:
    """Index of the last token of the operand that begins at a token."""
    if tokens[index].kind == "(":
        return match[index]
    if tokens[index].kind in ("name", "quoted"):
        for opening in "[(":
            if index + 1 < len(tokens) and tokens[index + 1].kind == opening:
                index = match[index + 1]
    return index


# XMILE --------------------------------------------------------------------------------------------------------------


def _check_modulo(index: int, tokens: list[Token], match: dict[int, int]) -> None:
    """PySD gives MOD less weight than * and /, XMILE the same: where it matters, ask for brackets."""
    here = index + 1
    while _is_sign(here, tokens):
        here += 1
    here = _primary(here, tokens, match) + 1
    if here < len(tokens) and (tokens[here].text in ("*", "/", "//", "^") or tokens[here].kind == "mod"):
        raise Mistake(
            "MOD is followed by another operator.", tokens[here].start, "Put brackets around a MOD b."
        )


class _Branches:
    """IF a THEN b ELSE c, with brackets around each part: PySD takes no IF inside another without them."""

    def __init__(self) -> None:
        self.depth = 0
        self._open: list[tuple[int, Token]] = []  # depth, last word

    def at(self, token: Token) -> str:
        if token.kind == "if":
            self._open.append((self.depth, token))
            return "(IF ("
        closed = ""
        while self._top() == "else":
            self._open.pop()
            closed += "))"
        if self._top() != ("if" if token.kind == "then" else "then"):
            raise Mistake(f"This {token.text} belongs to no IF.", token.start, "It reads: IF a THEN b ELSE c")
        self._open[-1] = (self.depth, token)
        return f"{closed}) {token.text.upper()} ("

    def _top(self) -> str:
        return self._open[-1][1].kind if self._open and self._open[-1][0] == self.depth else ""

    def close(self, depth: int) -> str:
        """Brackets that end each IF at this depth or deeper."""
        closed = ""
        while self._open and self._open[-1][0] >= depth:
            _, word = self._open.pop()
            if word.kind != "else":
                raise Mistake(
                    f"No {'THEN' if word.kind == 'if' else 'ELSE'} follows this {word.text}.",
                    word.start,
                    "It reads: IF a THEN b ELSE c",
                )
            closed += "))"
        return closed
