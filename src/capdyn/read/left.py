"""The left-hand side of a definition, the definition of a subscript range, and units with their limits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from .assemble import Limits
from .source import Mistake
from .split import Definition
from .tokens import LETTER, NUMBER, WORD

LARGEST = 10_000  # elements that a numeric range may stand for

_QUOTED = r'"(?:[^"\\\r\n]|\\[^\r\n])*"'
_WORDS = rf"[^\W\d]{LETTER}*(?:\s+{WORD})*"
NAME = rf"(?:{_QUOTED}|{_WORDS})"  # of a variable, a range or a macro
_ELEMENT = rf"(?:{_QUOTED}|{WORD}(?:\s+{WORD})*)"
_LIST = rf"{_ELEMENT}\s*(?:,\s*{_ELEMENT}\s*)*"
_SUBSCRIPTS = rf"\[\s*{_LIST}\]"
_LEFT = re.compile(
    rf"(?P<name>{NAME})\s*(?P<subscripts>{_SUBSCRIPTS})?\s*"
    rf"(?P<except>:\s*EXCEPT\s*:\s*{_SUBSCRIPTS}(?:\s*,\s*{_SUBSCRIPTS})*)?\s*",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"==|=|:=|<->|(?=\()|:\s*(?P<check>THE\s+CONDITION|TEST\s+INPUT)\s*:|:\s*(?P<is>IS)\s*:|"
    r":\s*(?P<keyword>RAW|INTERPOLATE|HOLD\s+BACKWARD|LOOK\s+FORWARD)\s*:\s*(?P<data>:=)?|:",
    re.IGNORECASE,
)
_KEYWORD = re.compile(r":\s*[A-Z]+(?:\s+[A-Z]+)*\s*:", re.IGNORECASE)
_STEM = r"[^\W\d][\w$' ]*?"
_NUMERIC = re.compile(
    rf"\(\s*(?P<a>{_STEM})(?P<from>[0-9]{{1,9}})\s*-\s*(?P<b>{_STEM})(?P<to>[0-9]{{1,9}})\s*\)"
)
_MEMBER = re.compile(rf"\s*(?:(?P<numeric>\([^()]*\))|(?P<name>{_ELEMENT}))\s*(?P<end>,|->|\Z)")
_MAPPING = re.compile(
    rf"\s*(?:(?P<name>{_ELEMENT})|\(\s*(?P<list>{_ELEMENT})\s*:\s*(?P<elements>{_LIST})\))\s*"
    r"(?P<end>,|\Z)"
)
_IMPORTED = re.compile(r"\s*GET\s+(?:XLS|DIRECT)\s+SUBSCRIPT\s*\(", re.IGNORECASE)
_AFTER_IMPORT = re.compile(r"\s*(?P<end>->|\Z)")
_BOUND = rf"(?:\?|[-+]?\s*{NUMBER})"
_UNITS = re.compile(
    rf"(?P<units>[^\[\]]*?)\s*(?:\[\s*(?P<low>{_BOUND})\s*,\s*(?P<high>{_BOUND})\s*"
    rf"(?:,\s*(?P<step>{_BOUND})\s*)?\])?"
)


@dataclass(frozen=True)
class LeftSide:
    """What stands left of the equals sign.

    name : without quotes. text : name, subscripts and exceptions for PySD. end : index of what follows the mark.
    keyword : of a data variable, 'raw', 'look forward' and so on.
    mark : '=', '==', ':=', 'data' (a keyword and no equation), '(' (a table), ':', '<->', ':IS:' (a text) or a
        reality check.
    """

    name: str
    text: str
    mark: str
    end: int
    subscripts: str = ""
    exceptions: str = ""
    keyword: str = ""


def unquoted(name: str) -> str:
    """The name as people see it: no outer quotes, single spaces."""
    name = " ".join(name.split())
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name


def left_side(definition: Definition) -> LeftSide:
    """What stands left of the equals sign or of what takes its place.

    Raises
    ------
    Mistake
        If it is not a name with subscripts, or nothing follows.
    """
    equation = definition.equation
    left = _LEFT.match(equation)
    mark = _MARK.match(equation, left.end()) if left else None
    if not left or not mark:
        raise _explain(definition, left.end() if left else 0)
    kind = mark.group()
    if mark.group("check"):
        kind = f":{' '.join(mark.group('check').upper().split())}:"
    elif mark.group("keyword"):
        kind = ":=" if mark.group("data") else "data"
    elif mark.group("is"):
        kind = ":IS:"
    elif kind == "":
        kind = "("
    elif kind == ":" and (unknown := _KEYWORD.match(equation, mark.start())):
        raise Mistake(
            f"'{' '.join(unknown.group().split())}' is not known here.",
            definition.start + mark.start(),
            "Known after a name are :EXCEPT:, :INTERPOLATE:, :HOLD BACKWARD:, :LOOK FORWARD:, :RAW:, :IS:, "
            ":THE CONDITION: and :TEST INPUT:.",
        )
    if kind in ("=", "==", ":=", ":", "<->", ":IS:") and mark.end() == len(equation):
        raise Mistake(
            f"Nothing follows the '{kind}' of '{unquoted(left['name'])}'.",
            definition.start + mark.start(),
            "Write a number or a formula after it.",
        )
    if kind == "data" and mark.end() < len(equation):
        word = " ".join(mark.group().split())
        raise Mistake(
            f"Something follows the '{word}' of '{unquoted(left['name'])}' that is no series.",
            definition.start + mark.end(),
            "Write := before it, or take it out.",
        )
    text = " ".join(left.group().split())
    if left["except"]:
        text = re.sub(
            r":\s*EXCEPT\s*:", ":EXCEPT:", text, flags=re.IGNORECASE
        )  # PySD knows it in capitals only
    return LeftSide(
        unquoted(left["name"]),
        text,
        kind,
        mark.end(),
        left["subscripts"] or "",
        left["except"] or "",
        " ".join((mark["keyword"] or "").lower().split()),
    )


def _explain(definition: Definition, index: int) -> Mistake:
    equation, place = definition.equation, definition.start + index
    equals = equation.find("=", index)
    if equals < 0:
        return Mistake(
            "There is no equals sign in this definition.",
            definition.start,
            "It reads: name = equation ~ units ~ comment |",
        )
    strange = equation[index : index + 1]
    if strange == "[":
        return Mistake(
            "The subscripts on the left are not a list of names in brackets.",
            place,
            "They read: [Range, element]; names with other characters go into quotation marks.",
        )
    if strange == "=":
        return Mistake(
            "There is no name before the equals sign.", place, "It reads: name = equation ~ units ~ comment |"
        )
    if strange.isdigit():
        return Mistake(
            "A name on the left begins with a digit.", place, 'Put it into quotation marks: "1st name".'
        )
    return Mistake(
        f"The name on the left has '{strange}' in it.",
        place,
        'Put a name with other characters than letters, digits, spaces and _ into quotation marks: "R&D".',
    )


@dataclass(frozen=True)
class RangeSide:
    """What stands right of the ':' of a subscript range.

    mapped : names after '->'; orders : the elements that follow such a name in brackets, () if there are none.
    copy_of : the name after '<->'.
    """

    members: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    orders: tuple[tuple[str, ...], ...] = ()
    copy_of: str = ""


def range_of(
    definition: Definition, left: LeftSide, imported: Callable[[str], tuple[list[str], int]]
) -> RangeSide:
    """What a definition says about a subscript range. (PySD takes the elements in a mapping for those of the range.)

    imported : reads the elements of GET ... SUBSCRIPT from a file, and tells where it ends.

    Raises
    ------
    Mistake
        If it is no list of elements with mappings after it.
    """
    equation, start = definition.equation, definition.start
    rest = equation[left.end :]
    if left.mark == "<->":
        if not re.fullmatch(rf"\s*{_ELEMENT}\s*", rest):
            raise Mistake(
                "After <-> stands the name of one subscript range.",
                start + left.end,
                "For example: Again <-> Region",
            )
        return RangeSide(copy_of=unquoted(rest))
    members: list[str] = []
    index, end = 0, ","
    if _IMPORTED.match(rest):
        members, index = imported(rest)
        after = _AFTER_IMPORT.match(rest, index)
        if not after:
            raise Mistake(
                "Something follows GET ... SUBSCRIPT that is no mapping.",
                start + left.end + index,
                "Take it out, or write: -> name of another range",
            )
        index, end = after.end(), after["end"]
    while end == ",":
        member = _MEMBER.match(rest, index)
        if not member:
            raise Mistake(
                "Elements of a subscript range are names with commas between.",
                start + left.end + index,
                "They read: Region: Home, Core, (Town1-Town9) -> Mapped range",
            )
        if member["numeric"]:
            members += _numeric(member["numeric"], start + left.end + member.start("numeric"))
        else:
            members.append(unquoted(member["name"]))
        index, end = member.end(), member["end"]
    mapped = _mappings(rest, index, start + left.end) if end == "->" else {}
    return RangeSide(tuple(members), tuple(mapped), tuple(mapped.values()))


def _mappings(rest: str, index: int, offset: int) -> dict[str, tuple[str, ...]]:
    """Names of ranges after '->', each with the elements that are listed for it."""
    mapped: dict[str, tuple[str, ...]] = {}
    end = ","
    while end == ",":
        mapping = _MAPPING.match(rest, index)
        if not mapping:
            raise Mistake(
                "After -> stand names of subscript ranges.",
                offset + index,
                "For example: -> Size, (Generation: young, old)",
            )
        name = unquoted(mapping["name"] or mapping["list"])
        mapped[name] = tuple(unquoted(e.group()) for e in re.finditer(_ELEMENT, mapping["elements"] or ""))
        index, end = mapping.end(), mapping["end"]
    return mapped


def _numeric(text: str, offset: int) -> list[str]:
    """The elements of `(A1-A10)`."""
    match = _NUMERIC.fullmatch(text)
    if not match or match["a"].lower() != match["b"].lower() or int(match["from"]) >= int(match["to"]):
        raise Mistake(
            f"'{text}' is not a series of elements.",
            offset,
            "It reads (A1-A10): the same name at both ends, the second number larger.",
        )
    first, last = int(match["from"]), int(match["to"])
    if last - first >= LARGEST:
        raise Mistake(
            f"'{text}' stands for {last - first + 1} elements.", offset, f"At most {LARGEST} are allowed."
        )
    return [f"{match['a']}{number}" for number in range(first, last + 1)]


def limits_of(definition: Definition) -> tuple[str, Limits]:
    """Units, and the range in brackets after them: `Year [0,50]`, `Dmnl [0,?,0.1]`.

    Raises
    ------
    Mistake
        If the brackets hold anything but numbers and question marks.
    """
    match = _UNITS.fullmatch(definition.units)
    if not match:
        raise Mistake(
            f"The units '{definition.units}' have something in brackets that is not a range of numbers.",
            definition.units_start,
            "It reads [min,max] or [min,max,step]; ? is an open end.",
        )
    low, high, _ = (_bound(match[name]) for name in ("low", "high", "step"))
    if low is not None and high is not None and low > high:
        raise Mistake(
            f"The range [{match['low']},{match['high']}] ends before it begins.",
            definition.units_start,
            "It reads [min,max].",
        )
    return match["units"], (low, high)


def _bound(text: str | None) -> float | None:
    if text is None or text == "?":
        return None
    value = float("".join(text.split()))
    return value if math.isfinite(value) else None
