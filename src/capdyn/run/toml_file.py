"""A TOML file as data, with the place of each key; what is no TOML is told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path as File
from typing import Any

from ..errors import Problem, ScenarioError, Where
from .toml_places import places

Path = tuple[str, ...]
"""Of a key: the tables around it and its own name."""


class Book:
    """Mistakes found in a TOML file, each with its place."""

    def __init__(self, file: str, places: Mapping[Path, tuple[int, int]]):
        self.file, self.places = file, places
        self.problems: list[Problem] = []
        self._told: set[Path] = set()

    def note(self, path: Path, what: str, remedy: str = "", unless: Iterable[Path] = ()) -> None:
        """Writes down a mistake at a key, or at the nearest table around it.

        unless : keys of which a mistake has been told that explains this one.
        """
        if not self._told.isdisjoint(unless):
            return
        self._told.add(path)
        self.problems.append(Problem(what, self.where(path), remedy))

    def where(self, path: Path) -> Where:
        """File, line and column of a key, or of the nearest table around it."""
        while path and path not in self.places:
            path = path[:-1]
        return Where(self.file, *self.places.get(path, (0, 0)))

    def close(self) -> None:
        """Raises a ScenarioError with all mistakes, file by file and line by line, each once."""
        if self.problems:
            raise ScenarioError(
                sorted(dict.fromkeys(self.problems), key=lambda problem: problem.where or Where(""))
            )


def read_toml(file: File, thing: str) -> tuple[dict[str, Any], dict[Path, tuple[int, int]]]:
    """What a TOML file holds, and line and column of each key.

    thing : what the file is called in a message, such as 'scenario'.

    Raises
    ------
    ScenarioError
        It cannot be read, or is no TOML in UTF-8.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")  # editors on Windows may write a byte order mark
        return tomllib.loads(text), places(text)
    except OSError as error:
        raise ScenarioError(
            f"The {thing} cannot be read: {error.strerror}.", Where(str(file)), "Check the file."
        ) from None
    except UnicodeDecodeError:
        raise ScenarioError(
            f"The {thing} is not text in UTF-8.", Where(str(file)), "Save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(_syntax(str(error), text, str(file))) from None
    except (ValueError, RecursionError):  # Python's limits: 4,300 digits a number, a thousand brackets deep
        raise ScenarioError(
            f"The {thing} has a number of thousands of digits, or tables nested too deeply.",
            Where(str(file)),
            "Write it more simply.",
        ) from None


_TOML_PLACE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")


def _syntax(message: str, text: str, file: str) -> Problem:
    """A TOML syntax error with its place, which `tomllib` puts into the message."""
    match = _TOML_PLACE.search(message)
    line, column = (int(n or 0) for n in match.groups()) if match else (0, 0)
    if match and not line:
        line, column = text.rstrip().count("\n") + 1, 0
    what = _TOML_PLACE.sub("", message)
    remedy = ""
    if what.startswith("Expected '=' after a key") or what.startswith("Expected ']'"):
        remedy = 'Put names with spaces or brackets in quotes: "Demand growth" = 0.02'
    elif what == "Invalid value":
        remedy = 'Write numbers as 0.5 and texts in quotes: why = "..."'
    return Problem(f"This is not TOML: {what}.", Where(file, line, column), remedy)
