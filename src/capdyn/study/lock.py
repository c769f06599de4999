"""One process at a time writes into a study's folder.

The system's own lock on a file: it ends with the process, however that ends, so none is ever stale.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ..errors import StoreError
from ..run.atomic import cannot_write

LOCK = "lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder for this process while the block runs.

    Raises
    ------
    StoreError
        Another process holds it, or the folder cannot be written.
    """
    try:
        file = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from None
    with file:
        if not _take(file):
            raise StoreError(
                f"'{folder}' is in use by another capdyn ({_said(folder) or 'it does not say which'}).",
                remedy="Wait until it has finished, or choose another folder.",
            )
        # Only words for whoever comes next; on a full disk there are none.
        with suppress(OSError):
            file.truncate(0)
            file.write(f"process {os.getpid()}, since {datetime.now(UTC).isoformat(timespec='seconds')}")
            file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def holder(folder: Path) -> str:
    """Who holds the folder: process and since when. '' if nobody does."""
    with suppress(OSError), (folder / LOCK).open("r+", encoding="utf-8") as file:
        return "" if _take(file) else _said(folder) or "another process"
    return ""


def _said(folder: Path) -> str:
    with suppress(OSError):
        return (folder / LOCK).read_text(encoding="utf-8").strip()
    return ""


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> bool:
        """Whether the file's lock was free; it is taken until the file is closed."""
        try:
            file.seek(2**30)  # a byte that nobody reads: Windows locks are mandatory
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(file: IO[str]) -> bool:
        """Whether the file's lock was free; it is taken until the file is closed."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
