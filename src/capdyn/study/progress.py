"""How far a study is: counted here, shown by whoever is told."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..run.notebook import Line, in_notebook
from .store import Store

_SIZE_EVERY = 2.0  # seconds between looks at the size on disk
_BATCHES = 64  # the last ones, from which the rate comes
_SETTLED = 4  # batches after which the first no longer counts


@dataclass(frozen=True)
class Progress:
    """Runs are members times scenarios.

    done, total, failed : runs on disk, wanted, not finite.
    rate : runs a second of late. left : seconds, or None as long as nobody can say.
    size : bytes on disk. note : something that happened, such as a shard found damaged.
    """

    done: int
    total: int
    failed: int
    rate: float
    left: float | None
    size: int
    note: str = ""

    def __str__(self) -> str:
        share = f"{100 * self.done / max(self.total, 1):.0f} %" if self.done < self.total else "all"
        parts = [f"{self.done:,} of {self.total:,} runs ({share})"]
        if self.rate:
            parts.append(f"{self.rate:,.0f} a second" if self.rate >= 10 else f"{self.rate:.2g} a second")
        if self.left:
            parts.append(f"{duration(self.left)} left")
        parts += [f"{self.failed:,} failed", megabytes(self.size)]
        return ", ".join(parts)


Tell = Callable[[Progress], None]


def _in_a_line() -> Tell:
    """Shows progress in a notebook: notes that stay, and a line that changes; elsewhere nothing."""
    if not in_notebook():
        return lambda progress: None
    line = Line()

    def tell(progress: Progress) -> None:
        if progress.note:
            print(progress.note)
        line.show(progress.done, progress.total, str(progress))

    return tell


class Meter:
    """Counts runs and tells after each batch."""

    def __init__(self, store: Store, tell: Tell | None):
        self._store, self._tell = store, tell or _in_a_line()
        self._total = store.record.n_members * len(store.record.scenarios)
        self._done = self._failed = 0
        self._past: deque[tuple[float, int]] = deque(maxlen=_BATCHES)
        self._size, self._looked, self._said = 0, -_SIZE_EVERY, time.monotonic()

    def found(self, runs: int, failed: int) -> None:
        """Counts runs that were there before; tells only now and then."""
        self._done += runs
        self._failed += failed
        if time.monotonic() - self._said >= _SIZE_EVERY:
            self.say()

    def start(self) -> None:
        """From here on runs are made."""
        self._past.append((time.monotonic(), self._done))
        self.say()

    def add(self, runs: int, failed: int) -> None:
        """Counts runs that are on disk now."""
        self._done += runs
        self._failed += failed
        self._past.append((time.monotonic(), self._done))
        self.say()

    def say(self, note: str = "") -> None:
        """Tells how things stand."""
        now = self._said = time.monotonic()
        if now - self._looked >= _SIZE_EVERY or self._done == self._total:
            self._size, self._looked = self._store.size, now
        # Before the first batch stands what is done once: compiling, processes that start.
        past = list(self._past)[1 if len(self._past) > _SETTLED else 0 :]
        (since, before), (until, done) = (past[0], past[-1]) if past else ((now, 0), (now, 0))
        rate = (done - before) / (until - since) if until > since else 0.0
        left = (self._total - self._done) / rate if rate else None
        self._tell(Progress(self._done, self._total, self._failed, rate, left, self._size, note))


def duration(seconds: float) -> str:
    """Seconds as people say them: 42 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def megabytes(size: int) -> str:
    """Bytes as people say them: 0.4 MB, 12 MB, 3.2 GB."""
    million = size / 1e6
    return (
        f"{million / 1000:.1f} GB"
        if million >= 1000
        else f"{million:.0f} MB"
        if million >= 10
        else f"{million:.1f} MB"
    )
