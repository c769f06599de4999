"""Models that were read before: parsed and put in order once, then found on disk by the bytes of the file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..emit import cache
from ..lang.codec import MODELS, Codec
from ..lang.model import Component, Model
from ..passes.codec import SYSTEMS
from ..passes.system import System
from ..read import is_current, read

# A run needs what the equations are about; as expressions they are in the System.
_MODELS = Codec(*MODELS.types, later={Component: ("expression",)})


def open_cached(file: Path) -> tuple[Model, System]:
    """The Model and the System of an equation file; raises what `read` and `build` raise.

    Only what went well is kept, so mistakes are always found by the reader itself.
    """
    key = _key(file)
    found = cache.get("model", key) if key else None
    if found is not None:
        with suppress(ValueError, TypeError, RecursionError):  # not what this version writes: made anew below
            kept = _unpack(found)
            if is_current(kept[0], file):
                return kept
    from ..passes.build import build

    model = read(file)
    system = build(model)
    # The file may have changed between the hash and the reading.
    if key and key == _key(file):
        with suppress(TypeError, RecursionError):  # too deeply nested to be written: read anew next time
            cache.put("model", key, _pack(model, system))
    return model, system


def _key(file: Path) -> str:
    """Hash of all that a Model is made from. Its path and name are in its messages."""
    try:
        content = file.read_bytes()
    except OSError:
        return ""
    code = cache.code_of("errors.py", "lang", "read", "passes")
    return cache.digest(
        (code, cache.release_of("pysd", "_version.py"), str(file), str(file.resolve()), content)
    )


def _pack(model: Model, system: System) -> bytes:
    return f"{_MODELS.encode(model)}\n{SYSTEMS.encode(system)}".encode()


def _unpack(content: bytes) -> tuple[Model, System]:
    model, system = content.split(b"\n")
    return _MODELS.decode(model, Model), SYSTEMS.decode(system, System)
