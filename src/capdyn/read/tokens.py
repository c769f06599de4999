"""Words of an equation, and the check that they stand in an order that makes sense.

Every character must belong to a known word. What passes `check` is a formula; so PySD's grammar, which takes
some things silently (a missing comma, two operands side by side) and evaluates others, sees only what we know.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from .source import Mistake


@dataclass(frozen=True)
class Token:
    """One word.

    kind : number, name, quoted, text, operator, logic, missing (:NA:), limits, table, outputs (the : in the call of
    a macro), or the mark itself.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Dialect:
    """How one language writes its words: a regular expression with one named group a kind."""

    words: re.Pattern[str]
    reserved: frozenset[str] = frozenset()


NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
# Signs that stand on or beside a letter, as in Hindi and Thai, and the two joiners: Python's \w leaves them out.
_MARKS = "".join(mark for mark in map(chr, range(0x300, 0x10000)) if unicodedata.category(mark)[0] == "M")
LETTER = rf"[\w$'\u200c\u200d{_MARKS}]"  # inside a name
_NAME = rf"[^\W\d]{LETTER}*"
WORD = rf"[\w$]{LETTER}*"  # of a name, but for its first
_COMMON = r"""
  | (?P<text>'[^'\r\n]*')
  | (?P<quoted>"(?:[^"\\\r\n]|\\[^\r\n])*")
  | (?P<operator><>|<=|>=|[-+*/^=<>])
  | (?P<mark>[()\[\],;!])
  | (?P<space>\s+)
"""
VENSIM = Dialect(
    re.compile(
        rf"""
    (?P<number>{NUMBER})
  | (?P<name>{_NAME}(?:\s+{WORD})*)
  | (?P<missing>:\s*NA\s*:)
  | (?P<logic>:\s*(?:AND|OR|NOT)\s*:)
  | (?P<outputs>:(?!\s*\w[\w\s]*:))
  {_COMMON}""",
        re.VERBOSE | re.IGNORECASE,
    )
)
XMILE = Dialect(
    re.compile(
        rf"""
    (?P<number>{NUMBER})
  | (?P<name>{_NAME})
  {_COMMON.replace("<>", "//|<>", 1)}""",
        re.VERBOSE,
    ),
    frozenset({"and", "or", "not", "mod", "if", "then", "else"}),
)
_INSIDE = re.compile(rf"{WORD}(?:\s+{WORD})*")  # a subscript element may begin with a digit
_SIGNED = rf"[-+]?\s*{NUMBER}"
_POINT = rf"\(\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\)"
LIMITS = re.compile(rf"\[\s*{_POINT}\s*-\s*{_POINT}\s*(?:,\s*{_POINT}\s*)*\]\s*,")
_CLOSING = {"(": ")", "[": "]"}
_LOOKALIKE = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "*",
    "·": "*",
    "÷": "/",
    "“": '"',
    "”": '"',
    "’": "'",
    "‘": "'",
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "&": ":AND:",
    "%": "/100",
    "\\": "/",
}


def tokenize(text: str, dialect: Dialect, offset: int = 0) -> list[Token]:
    """The words of `text`; starts are counted from `offset`.

    Raises
    ------
    Mistake
        At a character that no word begins with, or a number that is none.
    """
    tokens: list[Token] = []
    position, inside = 0, 0
    while position < len(text):
        match = _INSIDE.match(text, position) if inside else None
        kind = "name" if match else ""
        if not match:
            match = dialect.words.match(text, position)
            if not match:
                raise _strange(text, position, offset)
            kind = match.lastgroup or ""
        word = match.group()
        if word == "[" and tokens and tokens[-1].kind == "(":
            kind, word = "limits", _limits(text, position, offset)
        if kind == "number":
            _check_number(text, position, match.end(), offset)
        if kind == "mark":
            kind = word
            inside = max(0, inside + (word == "[") - (word == "]"))
        elif kind == "name" and not inside and word.lower() in dialect.reserved:
            kind = "logic" if word.lower() in ("and", "or", "not") else word.lower()
        elif kind == "operator" and word == "*" and inside:
            kind = "name"  # XMILE: all elements of a dimension
        if kind != "space":
            tokens.append(Token(kind, word, position + offset))
        position += len(word)
    return tokens


def _limits(text: str, position: int, offset: int) -> str:
    """The axis limits of a table with the comma after them; they only matter to an editor's graph.

    PySD would pass them to Python's eval, so nothing but numbers may stand there, and even those are left out.
    """
    match = LIMITS.match(text, position)
    if not match:
        raise Mistake(
            "The limits of a table can only be numbers.",
            position + offset,
            "They read: [(xmin,ymin)-(xmax,ymax)], before the points. They may be left out.",
        )
    return match.group()


def _strange(text: str, position: int, offset: int) -> Mistake:
    here = text[position]
    if here == '"':
        return Mistake(
            'A quotation mark " is not closed.', position + offset, "Put one at the end of the name."
        )
    if here == "'":
        return Mistake("A text in ' is not closed.", position + offset, "Put ' at its end.")
    if here == ":":
        return Mistake(
            "Nothing is known by this name between colons.",
            position + offset,
            "Known are :AND:, :OR:, :NOT: and :NA:.",
        )
    remedy = f"Write {_LOOKALIKE[here]}" if here in _LOOKALIKE else "Take it out"
    return Mistake(
        f"The character '{here}' has no meaning here.",
        position + offset,
        f"{remedy}, or put the name that it belongs to into quotation marks.",
    )


def _check_number(text: str, start: int, end: int, offset: int) -> None:
    """A number must not run into letters, digits of other scripts or a second point, nor leave the range of a float."""
    rest = re.match(r"[\w$'.]*", text[end:])
    if rest and rest.group():
        raise Mistake(
            f"'{text[start:end]}{rest.group()}' is neither a number nor a name.",
            start + offset,
            "Write an operator after the number; a name that begins with a digit goes into quotation marks.",
        )
    if math.isinf(float(text[start:end])):
        raise Mistake(
            f"The number {text[start:end]} is too large.", start + offset, "The largest is about 1.8e308."
        )


def pairs(tokens: list[Token]) -> dict[int, int]:
    """Index of the closing bracket for each opening one.

    Raises
    ------
    Mistake
        At the bracket that has no partner.
    """
    found: dict[int, int] = {}
    stack: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind in _CLOSING:
            stack.append(index)
        elif token.kind in _CLOSING.values():
            if not stack:
                raise Mistake(
                    f"The bracket {token.kind} closes nothing.",
                    token.start,
                    "Take it out, or add the bracket that opens.",
                )
            opening = tokens[stack[-1]]
            if _CLOSING[opening.kind] != token.kind:
                raise Mistake(
                    f"The bracket {opening.kind} is not closed before this {token.kind}.",
                    opening.start,
                    f"Add {_CLOSING[opening.kind]}.",
                )
            found[stack.pop()] = index
    if stack:
        opening = tokens[stack[-1]]
        raise Mistake(
            f"The bracket {opening.kind} is never closed.", opening.start, f"Add {_CLOSING[opening.kind]}."
        )
    return found


_OPERANDS = ("number", "name", "quoted", "missing", "text", "table")


def check(tokens: list[Token], end: int) -> dict[int, int]:
    """Whether operands, operators and brackets alternate as they must; the pairs of brackets.

    end : offset of the end of the equation, for an equation that stops too early.
    """
    match = pairs(tokens)
    if not tokens:
        raise Mistake(
            "The right-hand side is empty.", end, "Write a number or a formula after the equals sign."
        )
    stack: list[str] = []  # of 'call', 'group', 'subscript'
    wanted = True  # an operand, as against an operator
    before: Token | None = None
    for token in tokens:
        wanted = _at_operand(token, before, stack) if wanted else _at_operator(token, before, stack)
        before = token
    if wanted and before is not None:
        raise Mistake(
            f"The equation ends after '{before.text}'.",
            before.start,
            "Write what should follow, or take it out.",
        )
    return match


def _at_operand(token: Token, before: Token | None, stack: list[str]) -> bool:
    """A token where an operand must begin; whether one is still wanted after it."""
    inside = stack[-1] if stack else ""
    if inside == "subscript" and token.kind not in ("name", "quoted"):
        raise Mistake("A subscript is missing.", token.start, "Name a range or an element.")
    if token.kind == "text" and inside != "call":
        raise Mistake(
            "A text in ' can only be an argument of a function.", token.start, 'Names are put into ".'
        )
    if token.kind in _OPERANDS:
        return False
    if token.kind == "(":
        stack.append("group")
        return True
    if (
        token.text in ("+", "-")
        or token.kind == "if"
        or (token.kind == "logic" and "not" in token.text.lower())
    ):
        return True
    if token.kind == ")" and inside == "call" and before and before.kind == "(":
        stack.pop()
        return False
    after = f"after '{before.text}'" if before else "at the beginning"
    what = "argument" if token.kind in ",)" and inside == "call" else "name, number or bracket"
    raise Mistake(
        f"There is no {what} {after} and before '{token.text}'.",
        token.start,
        "Write what is missing, or take it out.",
    )


def _at_operator(token: Token, before: Token | None, stack: list[str]) -> bool:
    """A token after a complete operand; whether an operand is wanted after it."""
    inside = stack[-1] if stack else ""
    last = before.text if before else ""
    kind = before.kind if before else ""
    if token.kind in (")", "]"):
        stack.pop()
        return False
    if token.kind == "(" and (kind in ("name", "quoted", "]")):
        stack.append("call")
        return True
    if token.kind == "[" and kind in ("name", "quoted"):
        stack.append("subscript")
        return True
    if token.kind == "!" and inside == "subscript" and kind in ("name", "quoted"):
        return False
    if token.kind == "," and inside in ("call", "subscript"):
        return True
    if inside != "subscript":
        if token.kind in ("operator", "then", "else", "mod"):
            return True
        if token.kind == "logic" and "not" not in token.text.lower():
            return True
    if token.kind in (",", ";"):
        raise Mistake(
            f"A '{token.text}' is only for arguments, subscripts and lists of numbers.",
            token.start,
            "Write an operator, or take it out.",
        )
    raise Mistake(
        f"There is no operator between '{last}' and '{token.text}'.",
        token.start,
        "Write an operator such as * or +, or a comma between arguments.",
    )
