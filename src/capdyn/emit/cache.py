"""What was made once and can be found again: parsed models and machine code, on disk, by content.

An entry is found by the hash of everything that it was made from, this code included, so that it is never stale. It
carries a checksum of itself: one that is damaged or belongs to another key counts as missing. Since machine code
is run, the folder must belong to the user and nobody else may write there; otherwise the cache is not used. A cache
that cannot be read or written costs time and nothing else: no error leaves this module.

`CAPDYN_CACHE` names another folder, or is `off`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

KINDS = ("model", "system", "kernel", "form")
MOST_BYTES = 512 * 2**20
"""Room that entries may take; the ones longest not used go first."""

_ROOT = Path(__file__).parent.parent
_HEAD = b"capdyn cache 1\n"


def folder() -> Path | None:
    """Where entries are kept, made if need be; None if there is no cache."""
    said = os.environ.get("CAPDYN_CACHE", "")
    if said.lower() == "off":
        return None
    try:
        place = Path(said).expanduser() if said else _user_folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place if _is_private(place.stat()) else None
    except (OSError, RuntimeError):  # no home, no permission, a file in the way
        return None


def _user_folder() -> Path:
    """The user's cache folder as the platform has it. Source: XDG Base Directory Specification 0.8."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "capdyn/Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/capdyn"
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "capdyn"


def _is_private(status: os.stat_result) -> bool:
    """Whether it is the user's own and others may not write to it."""
    if sys.platform == "win32":  # the user's profile is private there, and modes say nothing
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def digest(parts: Iterable[str | bytes]) -> str:
    """One hash of several texts, each with its length, so that no two lists have the same."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(b"%d\n" % len(data))
        total.update(data)
    return total.hexdigest()


@cache
def code_of(*layers: str) -> str:
    """Hash of the source files of some layers of this package: with other code, entries are others."""
    found = (_ROOT / layer for layer in layers)
    files = sorted(path for place in found for path in ([place] if place.is_file() else place.rglob("*.py")))
    return digest(part for path in files for part in (path.name, path.read_bytes()))


def release_of(package: str, file: str) -> bytes:
    """What tells one version of a package from another: the file of it that says so, found without an import.

    `importlib.metadata` takes longer to import than a model to be found here.
    """
    found = find_spec(package)
    return Path(found.origin).with_name(file).read_bytes() if found and found.origin else b""


def get(kind: str, key: str) -> bytes | None:
    """The content of an entry, or None.

    kind : one of `KINDS`. key : from `digest`.
    """
    place = folder()
    if place is None:
        return None
    path = place / f"{key}.{kind}"
    try:
        with path.open("rb") as file:
            private = _is_private(os.fstat(file.fileno()))
            data = file.read()
    except OSError:
        return None
    head, content = data[: len(_HEAD) + 65], data[len(_HEAD) + 65 :]
    if not private or head != _seal(kind, key, content):
        return None
    with suppress(OSError):
        os.utime(path)  # used just now
    return content


def put(kind: str, key: str, content: bytes) -> None:
    """Keeps an entry: whole or not at all, whoever else writes at the same time."""
    place = folder()
    if place is None:
        return
    part = place / f".{key}.{secrets.token_hex(4)}.part"
    try:
        part.touch(mode=0o600, exist_ok=False)
        with part.open("wb") as file:
            file.write(_seal(kind, key, content))
            file.write(content)
        part.replace(place / f"{key}.{kind}")
        _trim(place)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _seal(kind: str, key: str, content: bytes) -> bytes:
    return _HEAD + digest((kind, key, content)).encode() + b"\n"


def _trim(place: Path) -> None:
    """Removes the entries longest not used until the rest fits into `MOST_BYTES`."""
    found = []
    for path in place.iterdir():
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= MOST_BYTES:
            return
        if path.suffix[1:] in (*KINDS, "part"):
            with suppress(OSError):
                path.unlink()
        total -= size
