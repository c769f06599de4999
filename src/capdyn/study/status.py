"""How a study stands, without running anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .job import NOT_FINITE, NOT_RUN
from .lock import holder
from .record import Record
from .store import Store, open_store


@dataclass(frozen=True)
class Status:
    """Runs are members times scenarios.

    done, total, failed : runs on disk, wanted, not finite. causes : variables that failed first, most frequent first.
    damaged : batches that are not whole. size : bytes on disk. holder : who runs it now, or ''.
    """

    record: Record
    done: int
    total: int
    failed: int
    causes: tuple[tuple[str, int], ...]
    damaged: tuple[int, ...]
    size: int
    holder: str


def study_status(folder: str | Path) -> Status:
    """How the study of a folder stands; also while it is running.

    Raises
    ------
    StoreError
        There is no study, or it is damaged beyond its batches.
    """
    store = open_store(Path(folder))
    damaged, causes = [], Counter[str]()
    done = failed = 0
    running = holder(store.folder)
    for number in range(store.n_batches):
        if not store.is_whole(number):
            if not running or not store.is_whole(number):  # it may just be under way
                damaged.append(number)
            continue
        status = store.status(number)
        done += int((status != NOT_RUN).sum())
        failed += int((status == NOT_FINITE).sum())
        causes.update(_causes(store, number, status))
    total = store.record.n_members * len(store.record.scenarios)
    return Status(
        store.record, done, total, failed, tuple(causes.most_common()), tuple(damaged), store.size, running
    )


def _causes(store: Store, number: int, status: np.ndarray) -> list[str]:
    if not (status == NOT_FINITE).any():
        return []
    names = store.read(number, store.members(number)).arrays["failed_variable"]
    return [str(name) or "not looked at" for name in names[status == NOT_FINITE]]
