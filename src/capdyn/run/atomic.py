"""Files and folders that are whole or not there: written under a temporary name, renamed at the end."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import StoreError

_ANOTHER = "Choose another place."
_REMEDIES = {
    errno.ENOSPC: "Free some space, or choose another disk.",
    errno.EDQUOT: "Free some space, or choose another disk.",
    errno.EFBIG: "Choose another disk, or keep fewer outputs.",
    errno.ENOTDIR: "A file is in the way; choose another name.",
    errno.EEXIST: "A file is in the way; choose another name.",
    errno.EISDIR: "A folder is in the way; choose another name.",
}


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The error that a user sees when the system refuses to write."""
    # HDF5 puts a page of its own words into strerror.
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(
        f"'{path}' cannot be written: {reason}.", remedy=_REMEDIES.get(error.errno or 0, _ANOTHER)
    )


def beside(path: Path, what: str) -> Path:
    """A hidden name in the same folder that nobody else uses."""
    return path.with_name(f".{path.name}.{what}-{secrets.token_hex(4)}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends well and removed otherwise.

    Raises
    ------
    StoreError
        For any OSError in the block.
    """
    part = beside(path, "part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def swap_folder(part: Path, target: Path) -> None:
    """Puts the folder `part` in the place of `target`; if that fails, `target` is as it was."""
    if not target.exists():
        part.rename(target)
        return
    old = beside(target, "old")
    target.rename(old)
    try:
        part.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def missing_parents(path: Path) -> list[Path]:
    """The folders above `path` that are not there, innermost first."""
    return [parent for parent in path.parents if not parent.exists()]
