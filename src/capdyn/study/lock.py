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


@contextmanager
def locked(folder: Path, name: str = "lock") -> Iterator[None]:
    """Holds the folder for this process while the block runs.

    Raises
    ------
    StoreError
        Another process holds it, or the folder cannot be written.
    """
    try:
        file = (folder / name).open("a+", encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from None
    with file:
        if not _take(file):
            with suppress(OSError):
                file.seek(0)
            raise StoreError(
                f"'{folder}' is in use by another capdyn ({file.read().strip() or 'it does not say which'}).",
                remedy="Wait until it has finished, or choose another folder.",
            )
        # Only words for whoever comes next; on a full disk there are none.
        with suppress(OSError):
            file.truncate(0)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            file.write(f"process {os.getpid()}, since {now}")
            file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> bool:
        try:
            file.seek(2**30)  # a byte that nobody reads: Windows locks are mandatory
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
