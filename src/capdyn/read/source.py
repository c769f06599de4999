"""A text file with its places: bytes in, text and line numbers out."""

from __future__ import annotations

import codecs
import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import ModelError, Problem, StoreError, Where

_LINE_END = re.compile(r"\r\n|\r|\n")
_TEXT = re.compile(r"utf-8(-sig)?|ascii|iso8859-\d+|cp\d+|mac-\w+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_jis\w*")
GUESSED = "cp1252"
_ENCODING = re.compile(rb"\s*\{([A-Za-z0-9_.:-]{1,40})\}")


class Mistake(Exception):
    """A mistake at an offset of the text; the reader collects them all into one ModelError."""

    def __init__(self, what: str, offset: int, remedy: str = ""):
        super().__init__(what)
        self.what, self.offset, self.remedy = what, offset, remedy


@dataclass(frozen=True)
class Source:
    """A text and the name of the file it came from. Offsets count characters from 0.

    guessed : the file does not say its encoding, and it is not UTF-8; it was taken to be `GUESSED`.
    """

    file: str
    text: str
    hash: str = field(default="", compare=False)
    guessed: bool = field(default=False, compare=False)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def where(self, offset: int) -> Where:
        """The place of an offset, line and column from 1."""
        line = bisect_right(self._starts, offset)
        return Where(self.file, line, offset - self._starts[line - 1] + 1)

    def problem(self, mistake: Mistake) -> Problem:
        return Problem(mistake.what, self.where(mistake.offset), mistake.remedy)


def load(path: Path) -> bytes:
    """The bytes of a file.

    Raises
    ------
    StoreError
        If it is missing, cannot be read, or is empty.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(f"There is no file '{path}'.", remedy="Check the path.") from None
    except IsADirectoryError:
        raise StoreError(f"'{path}' is a folder.", remedy="Give the equation file in it.") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise StoreError(f"'{path}' cannot be read: {why}.", remedy="Check its permissions.") from None
    if not data.strip():
        raise StoreError(f"'{path}' is empty.", remedy="It should hold the equations of a model.")
    return data


def decode(path: Path, data: bytes) -> Source:
    """The text of an equation file: UTF-8, or the encoding that its first line names in curly brackets.

    A file that names none and is not in UTF-8 is taken to be in that of Windows in the West, Vensim's before version 7.

    Raises
    ------
    StoreError
        If it is not text in that encoding.
    """
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
        raise StoreError(
            f"'{path}' is not a text file in UTF-8.", remedy="Save the model as text (.mdl) in UTF-8."
        )
    named = _ENCODING.match(data.removeprefix(codecs.BOM_UTF8))
    written = named.group(1).decode("ascii") if named else ""
    try:
        encoding = codecs.lookup(written).name
    except LookupError:  # the first line is a comment, not an encoding
        encoding = "utf-8" if _is_utf_8(data) else GUESSED
        written = ""
    if not _TEXT.fullmatch(encoding):
        raise StoreError(
            f"The encoding '{written}' that the first line names is not for text.",
            Where(str(path), 1),
            "Save the file in UTF-8 and write {UTF-8}.",
        )
    if encoding == "utf-8":
        encoding = "utf-8-sig"  # with or without a byte order mark
    try:
        guessed = encoding == GUESSED and not written
        return Source(str(path), data.decode(encoding), digest, guessed)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise StoreError(
            f"It is not text in {encoding.removesuffix('-sig').upper()}.",
            Where(str(path), line),
            "Save it in UTF-8, or name its encoding in the first line, such as {windows-1252}.",
        ) from None


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def reject(problems: list[Problem], shown: int = 20) -> None:
    """Raise ModelError with all problems in the order of the file, if there are any."""
    if not problems:
        return
    ordered = sorted(dict.fromkeys(problems), key=lambda p: (p.where or Where(""), p.what))
    if len(ordered) > shown:
        more = Problem(f"... and {len(ordered) - shown} more problems.", None, "Put these right first.")
        ordered = [*ordered[:shown], more]
    raise ModelError(ordered)
