"""A TOML file as data, with the place of each key; what is no TOML is told with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from ..errors import Problem, ScenarioError, Where
from .toml_places import places


def read_toml(file: Path, thing: str) -> tuple[dict[str, Any], dict[tuple[str, ...], tuple[int, int]]]:
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
