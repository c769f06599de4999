"""Running a study again from nothing but its folder, and comparing bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import StoreError
from ..run.label import versions
from .job import Batch, Job
from .progress import Meter, Tell
from .store import open_store
from .stored import stored_job

_MOST_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """A number that came out otherwise: in which array, of which run, what is stored and what came again."""

    array: str
    scenario: str
    member: int
    stored: str
    again: str

    def __str__(self) -> str:
        return (
            f"{self.array}, scenario '{self.scenario}', member {self.member}: "
            f"stored {self.stored}, now {self.again}"
        )


@dataclass(frozen=True)
class Reproduction:
    """runs : compared. different : runs with a difference. first : some of the differences. then, now : versions."""

    runs: int
    different: int
    first: tuple[Difference, ...]
    then: str
    now: str


def reproduce(folder: str | Path, *, threads: int | None = None, tell: Tell | None = None) -> Reproduction:
    """Runs all that a study's folder holds again, from the model, scenarios, sample and seed in it.

    Parameters
    ----------
    folder : str or Path
    threads : int, optional
        By default one for each core.
    tell : callable, optional
        Is given a `Progress` after each batch.

    Raises
    ------
    StoreError
        There is no study, its model cannot be read, or a batch is damaged.
    """
    store = open_store(Path(folder))
    job = stored_job(store)
    meter = Meter(store, tell)
    meter.start()
    runs = different = 0
    found: list[Difference] = []
    for number in range(store.n_batches):
        if not store.is_whole(number):
            raise StoreError(
                f"Batch {number} of '{folder}' is damaged.",
                remedy="Give the command that made the study again: it runs what is not whole.",
            )
        members = np.setdiff1d(store.members(number), store.unfinished(number))
        if not len(members):
            continue
        stored = store.read(number, members)
        again = job.run(number, members, store.sample(members), threads)
        differ = np.zeros(again.arrays["status"].shape, dtype=bool)
        for name in store.results:
            here, described = _compared(job, name, stored, again)
            differ |= here
            found += described[: _MOST_SHOWN - len(found)]
        runs += differ.size
        different += int(differ.sum())
        meter.add(differ.size, int(again.arrays["status"].sum()))
    return Reproduction(runs, different, tuple(found), store.record.versions, versions())


def _bits(array: np.ndarray) -> np.ndarray:
    """As whole numbers, so that not-a-number is compared too."""
    return array.view(np.uint64) if array.dtype.kind == "f" else array


def _compared(job: Job, name: str, stored: Batch, again: Batch) -> tuple[np.ndarray, list[Difference]]:
    """Whether any bit of a run differs, shape (n_scenarios, n_runs), and the first number of the first such runs."""
    before, now = stored.arrays[name], again.arrays[name]
    differ = np.asarray(_bits(before) != _bits(now))
    runs: np.ndarray = np.any(differ.reshape(*differ.shape[:2], -1), axis=2)
    found = []
    for scenario, run in np.argwhere(runs)[:_MOST_SHOWN]:
        place = tuple(np.argwhere(differ[scenario, run])[0])
        array = f"feature '{job.record.features[place[0]].name}'" if name == "features" else name
        found.append(
            Difference(
                array,
                job.record.scenario_names[scenario],
                int(stored.members[run]),
                str(before[scenario, run][place]),
                str(now[scenario, run][place]),
            )
        )
    return runs, found
