"""Running a study: batch after batch into its folder, from where it stands.

begin    = the folder's store, made, continued or extended   (study.store)
check    = what counts is what was written                   (Store.is_whole)
batches  = on this machine's cores, or on a cluster          (study.job, study.cluster)
write    = a batch counts when it is whole                   (Store.write)

The same call continues after whatever ended it, and the numbers are bitwise those of a run that nothing disturbed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from ..errors import Problem, StoreError
from .job import NOT_FINITE, NOT_RUN, Done, Job
from .layout import RUNS
from .lock import holder, locked
from .plan import Plan
from .prepare import Template, prepare
from .progress import Meter, Tell
from .store import Store, create, extend, open_store, tidy, writing
from .study import Study


def run_study(
    study: Study | Plan,
    folder: str | Path,
    *,
    times: int | None = None,
    threads: int | None = None,
    cluster: str | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
) -> xr.Dataset:
    """Runs a study, or what is left of it.

    Parameters
    ----------
    study : Study or Plan
        From `capdyn.read_study`, or a `capdyn.Plan` with a sample of one's own.
    folder : str or Path
        Where it is kept; new, empty, or this same study begun before. If the study has more members than the folder and
        begins with them, those that are there are kept.
    times : int, optional
        How many times its size a Study is to have; by default what the folder has, or 1.
    threads : int, optional
        Threads on this machine; by default one for each core.
    cluster : str, optional
        'local:N' for N worker processes here, or the address of a Dask scheduler, 'tcp://host:8786'.
    tell : callable, optional
        Is given a `Progress` after each batch; by default a notebook shows it in a line, and elsewhere nobody is told.
    batch : int, optional
        Members a shard, for a new folder; by default about a second's work of a core. No number depends on it.

    Returns
    -------
    xarray.Dataset
        Read from disk when it is looked at. `features` (scenario, member, feature) with the coordinates
        `feature_units`, `feature_statistic` and `feature_variable`; each series by its Vensim name (scenario, member,
        time, ...); `sample` (member, input); `status` (scenario, member): -1 not run, 0 ok, 1 not finite, with
        `failed_time` and `failed_variable`.

    Raises
    ------
    ArgumentError, ScenarioError
        The plan is wrong, all that is wrong with it.
    StoreError
        Another process runs this study, another study is in the folder, or the system refuses to write. What is
        finished stays; the same call continues.
    """
    folder = Path(folder)
    plan = study if isinstance(study, Plan) else study.plan(times or _times(study, folder))
    job, template = prepare(plan, batch)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        store = _begin(folder, job, template, plan)
        job = replace(job, record=store.record)
        meter, wanted = _survey(store, tell)
        if wanted:
            for done in _batches(job, store, wanted, threads, cluster):
                meter.add(done.runs, done.failed)
    return store.dataset()


def load_study(folder: str | Path, check: bool = True) -> xr.Dataset:
    """The runs of a study's folder, as `run_study` returns them; also while it is running.

    check : whether to read all of it once, to see that it is what was written.

    Raises
    ------
    StoreError
        There is no study, or it is damaged.
    """
    store = open_store(Path(folder))
    damaged = [n for n in range(store.n_batches) if check and not store.is_whole(n)]
    if damaged and not holder(store.folder):  # where a batch is being written, it may look so for a moment
        raise StoreError(
            f"{len(damaged)} of {store.n_batches} batches in '{folder}' are damaged, the first being {damaged[0]}.",
            remedy="Give the command that made the study again: it runs what is not whole.",
        )
    return store.dataset()


def _times(study: Study, folder: Path) -> int:
    """How many times the study's size its folder has: the same command goes on with one that was extended."""
    if not (folder / RUNS).exists():
        return 1
    return max(1, open_store(folder).record.n_members // study.plan().n_members)


def _begin(folder: Path, job: Job, template: Template, plan: Plan) -> Store:
    """The store, made or found, with as many members as the plan."""
    sample = plan.sample
    if not (folder / RUNS).exists():
        return create(folder, job, template, sample, plan.files)
    store = open_store(folder, "r+")
    tidy(store)
    _check_same(store, job, folder)
    there, wanted = store.record.n_members, len(sample)
    if wanted > there:
        return extend(store, replace(store.record, text=job.record.text, about=job.record.about), sample)
    if wanted < there:
        raise StoreError(
            f"'{folder}' has {there:,} members and the plan {wanted:,}.",
            remedy="Choose another folder; what is there is not thrown away.",
        )
    if store.sample(np.arange(there)).tobytes() != sample.tobytes():
        raise StoreError(
            f"'{folder}' holds a study with another sample.",
            remedy="Choose another folder, or the same seed.",
        )
    return store


def _check_same(store: Store, job: Job, folder: Path) -> None:
    """Refuses to mix runs of different plans, or of different versions of capdyn."""
    problems = [
        Problem(f"'{folder}' holds a study with {word}.", None, "Choose another folder.")
        for word in store.record.differences(job.record)
    ]
    then, now = _version(store.record.versions), _version(job.record.versions)
    if then != now:
        problems.append(
            Problem(
                f"'{folder}' was begun by capdyn {then}, and this is {now}.", None,
                "Go on with that, or choose another folder.",
            )
        )  # fmt: skip
    if problems:
        raise StoreError(problems)


def _version(versions: str) -> str:
    return next((part.split()[-1] for part in versions.split(", ") if part.startswith("capdyn ")), "?")


def _survey(store: Store, tell: Tell | None) -> tuple[Meter, list[tuple[int, np.ndarray]]]:
    """Batches with members that have to be run; what counts and is not whole is found here."""
    meter, wanted = Meter(store, tell), []
    for number in range(store.n_batches):
        members = store.members(number)
        if not store.is_whole(number):
            first, last = members[[0, -1]]
            store.forget(number)
            meter.say(f"Batch {number} (members {first} to {last}) is damaged; it is run again.")
            wanted.append((number, members))
            continue
        status = store.status(number)
        meter.found(int((status != NOT_RUN).sum()), int((status == NOT_FINITE).sum()))
        if len(unfinished := store.unfinished(number)):
            wanted.append((number, unfinished))
    meter.start()
    return meter, wanted


def _batches(
    job: Job, store: Store, wanted: list[tuple[int, np.ndarray]], threads: int | None, cluster: str | None
) -> Iterable[Done]:
    if cluster is None:
        return _here(job, store, wanted, threads)
    from .cluster import on_cluster

    return on_cluster(cluster, job, store, wanted)


def _here(
    job: Job, store: Store, wanted: list[tuple[int, np.ndarray]], threads: int | None
) -> Iterator[Done]:
    """On all cores of this machine; one batch is written while the next is run."""
    with ThreadPoolExecutor(1) as writer:
        # A Ctrl-C while the pool starts its thread would leave that alone with what it writes: start it before.
        writer.submit(int).result()
        under_way: Future[Done] | None = None
        for number, members in wanted:
            batch = job.run(number, members, store.sample(members), threads)
            if under_way is not None:
                yield under_way.result()
            under_way = writer.submit(store.write, batch)
        if under_way is not None:
            yield under_way.result()
