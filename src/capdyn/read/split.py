"""The text of a `.mdl` file cut into definitions, places kept.

    name = equation  ~  units [min, max]  ~  comment  ~  :SUPPLEMENTARY  |

Nothing is understood here yet but quotes, comments in curly brackets, continued lines and group headings.
Blanked text has the same length as the text it came from, so an offset in one is an offset in the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from .source import Mistake, Source

_FLAGS = re.compile(
    r"\s*(?::|\Z)"
)  # what stands behind a third ~; other text there belongs to a comment with a ~ in it
_EQUATION = re.compile(r"\n[^\n]*=")
_SKETCH = re.compile(r"^\\\\\\---///", re.MULTILINE)
_SETTINGS = re.compile(r"^///---\\\\\\", re.MULTILINE)
_METHOD = re.compile(r"^15:([^\r\n]*)", re.MULTILINE)
_METHODS = {"0": "euler", "2": "euler", "1": "rk4", "5": "rk4", "3": "rk2", "4": "rk2"}
_STOP = re.compile(r'["{~|]|\\[ \t]*(?:\r\n|\r|\n)')
_QUOTED = re.compile(r'"(?:[^"\\\r\n]|\\[ \t]*(?:\r\n|\r|\n)|\\[^\r\n])*"')
_MACRO = re.compile(r":\s*MACRO\s*:", re.IGNORECASE)
_MACRO_END = re.compile(r":\s*END\s+OF\s+MACRO\s*:", re.IGNORECASE)
_CONTINUED = re.compile(r"\\[ \t]*(?:\r\n|\r|\n)")


@dataclass(frozen=True)
class Definition:
    """One definition.

    equation : the equation with comments and line continuations blanked, ends stripped; start : its offset.
    text : the same as written. units, comment : as written, spaces squeezed; units_start : offset of the units.
    """

    equation: str
    start: int
    text: str
    units: str = ""
    units_start: int = 0
    comment: str = ""
    group: str = ""


@dataclass(frozen=True)
class MacroText:
    """One macro: the offset of its `:MACRO:`, its first line up to the bracket, the offset of this, its definitions."""

    start: int
    head: str
    head_start: int
    definitions: tuple[Definition, ...]


@dataclass
class Parts:
    """What a file falls into."""

    definitions: list[Definition] = field(default_factory=list)
    macros: list[MacroText] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    method: str = ""


def split(source: Source) -> Parts:
    """The definitions of a Vensim file in their order, its integration method, and what is wrong with its shape."""
    text = source.text
    sketch = _SKETCH.search(text)
    end = sketch.start() if sketch else len(text)
    parts = Parts(method=_method(text, end))
    _section(text, 0, end, parts)
    return parts


def _section(text: str, position: int, end: int, parts: Parts) -> None:
    """Add what stands between two offsets: the whole file, or the inside of a macro."""
    group = ""
    while position < end:
        position = _skip(text, position, end)
        if position >= end:
            break
        if macro := _MACRO.match(text, position, end):
            position = _macro(text, macro, end, parts)
        elif text.startswith("***", position):
            tilde, bar = text.find("~", position, end), text.find("|", position, end)
            if not 0 <= tilde < bar:
                parts.mistakes.append(
                    Mistake("A group heading has no end.", position, "It reads: **** .Name **** ~ text |")
                )
                bar = end if bar < 0 else bar
            group, position = _squeeze(text[position:tilde].strip("* \t\r\n").removeprefix(".")), bar + 1
        else:
            position = _definition(text, position, end, group, parts)


def _macro(text: str, mark: re.Match[str], end: int, parts: Parts) -> int:
    """Add the macro that begins at `mark`; return the offset after it."""
    following = _MACRO.search(text, mark.end(), end)
    closing = _MACRO_END.search(text, mark.end(), following.start() if following else end)
    stop = closing.start() if closing else following.start() if following else end
    bracket = text.find(")", mark.end(), stop)
    if not closing:
        parts.mistakes.append(
            Mistake("A macro has no end.", mark.start(), "Write :END OF MACRO: after its last equation.")
        )
        return stop
    if bracket < 0:
        parts.mistakes.append(
            Mistake(
                "A macro has no list of inputs.",
                mark.start(),
                "It begins: :MACRO: NAME(input, input : output)",
            )
        )
    else:
        inner = Parts(mistakes=parts.mistakes)
        _section(text, bracket + 1, stop, inner)
        parts.macros.append(
            MacroText(mark.start(), text[mark.end() : bracket + 1], mark.end(), tuple(inner.definitions))
        )
    return closing.end()


def _skip(text: str, position: int, end: int) -> int:
    """Past white space and comments before a definition."""
    while position < end:
        if text[position].isspace() or text[position] == "\ufeff":
            position += 1
        elif text[position] == "{":
            closing = text.find("}", position, end)
            position = end if closing < 0 else closing + 1
        elif continued := _CONTINUED.match(text, position, end):
            position = continued.end()
        else:
            break
    return position


def _definition(text: str, start: int, end: int, group: str, parts: Parts) -> int:
    """Add the definition that begins at `start`; return the offset after its '|'."""
    before = len(parts.mistakes)
    blanked, stop = _equation(text, start, end, parts)
    equation = blanked.rstrip()
    bounds, position = [stop], stop
    while position < end and text[position] == "~":
        position = _next(text, position + 1, end)
        bounds.append(position)
    fields = [text[a + 1 : b] for a, b in pairwise(bounds)]
    if len(parts.mistakes) > before:  # an open quotation mark or comment: what follows would only confuse
        return position + 1
    if position >= end:
        parts.mistakes.append(Mistake("The last definition has no end.", start, "Close it with |."))
        return end
    name = _squeeze(re.split(r"[=(\[:<]", equation, maxsplit=1)[0])[:60] or "this place"
    if not equation:
        parts.mistakes.append(
            Mistake("A definition is empty.", start, "It reads: name = equation ~ units ~ comment |")
        )
    elif len(fields) < 2:
        missing = "a ~ is" if fields else "two ~ are"
        parts.mistakes.append(
            Mistake(
                f"In the definition of '{name}', {missing} missing before the |.",
                start,
                "It reads: name = equation ~ units ~ comment |",
            )
        )
    elif len(fields) > 3 or (len(fields) == 3 and ":" not in fields[2] and _EQUATION.search(fields[1])):
        comment = bounds[1] + 1
        comment += len(fields[1]) - len(fields[1].lstrip())
        parts.mistakes.append(
            Mistake(
                f"The definition of '{name}' runs into the next one.",
                comment,
                "Close its comment, which begins here, with |.",
            )
        )
    else:
        units_start = stop + 1 + len(fields[0]) - len(fields[0].lstrip())
        parts.definitions.append(
            Definition(
                equation,
                start,
                text[start : start + len(equation)],
                _squeeze(fields[0]),
                units_start,
                _squeeze("~".join([fields[1], *(f for f in fields[2:] if not _FLAGS.match(f))])),
                group,
            )
        )
    return position + 1


def _equation(text: str, start: int, end: int, parts: Parts) -> tuple[str, int]:
    """The equation from `start` with comments and continuations blanked, and the offset of the ~ or | after it."""
    pieces: list[str] = []
    position = start
    while match := _STOP.search(text, position, end):
        pieces.append(text[position : match.start()])
        mark, position = match.group(), match.end()
        if mark in "~|":
            return "".join(pieces), match.start()
        if mark == '"':
            quoted = _QUOTED.match(text, match.start(), end)
            if quoted:
                position = quoted.end()
                pieces.append(_CONTINUED.sub(lambda m: " " * len(m.group()), quoted.group()))
            else:
                parts.mistakes.append(
                    Mistake(
                        'A quotation mark " is not closed on its line.',
                        match.start(),
                        "Put one at the end of the name.",
                    )
                )
                pieces.append(mark)
        elif mark == "{":
            closing = text.find("}", position, end)
            if closing < 0:
                parts.mistakes.append(
                    Mistake("A comment in curly brackets is not closed.", match.start(), "Add }.")
                )
                closing = end - 1
            pieces.append(" " * (closing + 1 - match.start()))
            position = closing + 1
        else:
            pieces.append(" " * len(mark))
    pieces.append(text[position:end])
    return "".join(pieces), end


def _next(text: str, start: int, end: int) -> int:
    """Offset of the next ~ or |, or the end."""
    found = [place for place in (text.find("~", start, end), text.find("|", start, end)) if place >= 0]
    return min(found, default=end)


def _squeeze(text: str) -> str:
    return " ".join(_CONTINUED.sub(" ", text).split())


def _method(text: str, start: int) -> str:
    """The integration method from the settings after the sketch.

    Source: the fourth number of the line `15:`, Vensim 5 to 10; 0 Euler, 1 RK4 automatic, 2 difference,
    3 and 4 RK2, 5 RK4 fixed.
    """
    settings = _SETTINGS.search(text, start)
    line = _METHOD.search(text, settings.end()) if settings else None
    numbers = [number.strip() for number in line.group(1).split(",")] if line else []
    return _METHODS.get(numbers[3], "") if len(numbers) > 3 else ""
