"""Names: Vensim ignores case and takes spaces and underscores for the same; people do not.

`key` makes the form in which names are compared, `identifier` the form that any file format can hold,
`did_you_mean` the end of a message about a name that is not there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_SPACES = re.compile(r"[\s_]+")


def key(name: str) -> str:
    """The form in which names are compared: lower case, single spaces, no outer quotes.

    >>> key('Relative_Capability '), key('"R&D"')
    ('relative capability', 'r&d')
    """
    name = name.strip()
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = name[1:-1]
    return _SPACES.sub(" ", name).strip().lower()


def identifier(name: str) -> str:
    """A form of the name that any file format and programming language accepts.

    >>> identifier("R&D / sales"), identifier("1st order")
    ('R_D_sales', '_1st_order')
    """
    plain = re.sub(r"\W+", "_", name.strip()).strip("_") or "_"
    return f"_{plain}" if plain[0].isdigit() else plain


def nearest(name: str, candidates: Iterable[str], count: int = 3) -> list[str]:
    """The candidates that look most like the name, best first (at most `count`)."""
    by_key = {key(candidate): candidate for candidate in candidates}
    return [by_key[k] for k in difflib.get_close_matches(key(name), by_key, n=count, cutoff=0.5)]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A sentence that offers the nearest names, or nothing.

    >>> did_you_mean("skilled labor", ["Skilled labour", "Trust"])
    "Did you mean 'Skilled labour'?"
    """
    near = [f"'{candidate}'" for candidate in nearest(name, candidates)]
    if not near:
        return ""
    listed = near[0] if len(near) == 1 else ", ".join(near[:-1]) + " or " + near[-1]
    return f"Did you mean {listed}?"
