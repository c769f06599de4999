"""Systems as kernels compute them, kept on disk: to hoist a large model takes longer than to run it."""

from __future__ import annotations

from contextlib import suppress

from ..lang.later import altered
from ..passes.codec import SYSTEMS
from ..passes.system import System
from . import cache


def hoisted(system: System) -> tuple[System, str]:
    """The System with repeated work taken out (`capdyn.passes.hoist`), and a hash of it; '' where none can be had."""
    try:
        text = SYSTEMS.encode(system) if cache.folder() else ""
    except (TypeError, RecursionError):  # too deeply nested to be written
        text = ""
    key = text and cache.digest((text, cache.code_of("errors.py", "lang", "passes")))
    found = cache.get("system", key) if key else None
    if found is not None:
        with suppress(ValueError, TypeError, RecursionError):  # not what this version writes: made anew below
            kept = SYSTEMS.decode(found, System)
            return altered(kept, symbols=system.symbols | kept.symbols), cache.digest((key, found))
    from ..passes.hoist import hoist

    made = hoist(system)
    if not key:
        return made, ""
    parts = {name: symbol for name, symbol in made.symbols.items() if name not in system.symbols}
    try:
        content = SYSTEMS.encode(altered(made, symbols=parts)).encode()
    except (TypeError, RecursionError):
        return made, ""
    cache.put("system", key, content)
    return made, cache.digest((key, content))
