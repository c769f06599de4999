"""A study's batches on a Dask cluster.

Workers need nothing but capdyn: the model comes to them as text, once, by a plugin that new workers get as well. They
write their own shards where they see the study's folder, and send them back where they do not. Only a few tasks are
under way at any time, each long enough (`_SECONDS`) that the scheduler has next to nothing to do. What a lost worker
was running is run again elsewhere, by Dask; the numbers are the same on any machine.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from ..errors import ArgumentError, StoreError
from ..run import label
from .job import Batch, Done, Job
from .lock import LOCK
from .store import Store, open_store

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_OWN = "local:"
_SECONDS = (
    3.0  # that a task takes at the fastest pace seen; a short one costs the scheduler more than it brings
)
_AHEAD = 2  # tasks a thread of a worker: one that runs, one that waits
_PATIENCE = 20.0  # seconds for a scheduler or a first worker to answer


Numbered = tuple[int, np.ndarray]
"""A batch's number, and its members that have to be run."""


@dataclass(frozen=True)
class Task:
    """Some batches: number, members, and their rows of the sample, for each."""

    batches: list[tuple[int, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Result:
    """What a task brings: batches that the worker has written, others to be written, and seconds a member."""

    written: list[Done]
    unwritten: list[Batch]
    pace: float


def on_cluster(address: str, job: Job, store: Store, wanted: list[Numbered]) -> Iterator[Done]:
    """Runs batches on a cluster.

    address : 'local:N', or that of a Dask scheduler.

    Raises
    ------
    ArgumentError
        The address is wrong, nobody answers there, or Dask is not installed.
    StoreError
        A batch takes down every worker that it is given to, or cannot be written.
    """
    with ExitStack() as stack:
        client = stack.enter_context(_connected(address))
        name = f"capdyn-{uuid4().hex[:8]}"
        own = address.startswith(_OWN)
        plugin = _plugin(name, job, str(store.folder.resolve()), _token(store), own)
        stack.enter_context(_said(address))
        client.register_plugin(plugin)
        if not own:  # its own workers end with it
            stack.callback(client.unregister_worker_plugin, name)
        yield from _all(client, name, job, store, deque(wanted))


@contextmanager
def _said(address: str) -> Iterator[None]:
    """Turns what Dask raises into an error that a user can do something about."""
    from concurrent.futures import CancelledError

    from distributed.scheduler import KilledWorker

    kept = "What is finished is kept, and the same command goes on."
    try:
        yield
    except KilledWorker as error:
        raise StoreError(
            f"A batch took down {error.allowed_failures + 1} workers, one after the other.",
            remedy=f"Look at their memory. {kept}",
        ) from None
    except ImportError as error:
        raise ArgumentError(
            f"A worker of {address} cannot run capdyn: {error}.",
            remedy="Install the same version of capdyn there.",
        ) from None
    except (OSError, TimeoutError, CancelledError) as error:
        raise StoreError(
            f"The cluster at {address} is gone: {error or type(error).__name__}.", remedy=kept
        ) from None


def _all(client: Client, name: str, job: Job, store: Store, wanted: deque[Numbered]) -> Iterator[Done]:
    """Keeps a few tasks under way until nothing is left.

    The first batches are run here, to learn how long one takes, and so is what is too little for a task.
    """
    from distributed import as_completed

    going = as_completed()
    under_way = 0
    spent, here, there = 0.0, np.inf, np.inf  # seconds here; the fewest a member took, here and on workers
    while wanted or under_way:
        least = _SECONDS / (here if there == np.inf else there) if spent >= _SECONDS / 3 else np.inf
        if wanted and not _have(wanted, least):
            number, members = wanted.popleft()
            began = perf_counter()
            done = store.write(job.run(number, members, store.sample(members), threads=1))
            took = perf_counter() - began
            spent, here = spent + took, min(here, took / len(members))
            yield done
            continue
        threads = sum(client.nthreads().values())
        while wanted and under_way < _AHEAD * max(threads, 1):
            batches = [(number, members, store.sample(members)) for number, members in _taken(wanted, least)]
            going.add(client.submit(_work, name, Task(batches), pure=False))
            under_way += 1
        future = next(going)
        under_way -= 1
        result: Result = future.result()
        future.release()
        yield from result.written
        yield from map(store.write, result.unwritten)
        there = min(there, result.pace)


def _have(batches: Iterable[Numbered], least: float) -> bool:
    """Whether batches have so many members together."""
    return any(count >= least for count in accumulate((len(members) for _, members in batches), initial=0))


def _taken(wanted: deque[Numbered], least: float) -> list[Numbered]:
    """Takes batches for a task, with `least` members or more: all, if the others were too few for another."""
    taken = [wanted.popleft()]
    while wanted and not (_have(taken, least) and _have(wanted, least)):
        taken.append(wanted.popleft())
    return taken


def _work(name: str, task: Task) -> Result:
    """Runs on a worker."""
    from distributed import get_worker

    plugin: Any = get_worker().plugins[name]
    written, unwritten = [], []
    began = perf_counter()
    for number, members, sample in task.batches:
        batch = plugin.job.run(number, members, sample, threads=1)
        if plugin.store is None:
            unwritten.append(batch)
        else:
            written.append(plugin.store.write(batch))
    count = sum(len(members) for _, members, _ in task.batches)
    return Result(written, unwritten, (perf_counter() - began) / count)


def _plugin(name: str, job: Job, folder: str, token: str, own: bool) -> Any:
    """What each worker gets: the job, made once, and the store where it sees the same one."""
    from distributed import WorkerPlugin

    record, source, asked = job.record.to_json(), job.source_text(), _versions()

    class StudyPlugin(WorkerPlugin):
        name: str
        job: Job
        store: Store | None = None

        def setup(self, worker: Any) -> None:
            if own and threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that ends this one
            if (here := label.versions()) != asked:
                raise ImportError(f"it has {here}, and {asked} is asked for")
            self.job = Job.from_text(record, source)
            if token and _reads(Path(folder) / LOCK) == token:
                self.store = open_store(Path(folder), "r+")

    plugin = StudyPlugin()
    plugin.name = name
    return plugin


def _versions() -> str:
    """What workers must have: numbers are the same on every machine, but not with every version."""
    return label.versions()


def _token(store: Store) -> str:
    """What a worker must find in the folder to believe that it is the same one; it names this process and its start."""
    return _reads(store.folder / LOCK)


def _reads(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of the scheduler; for 'local:N' with N worker processes of its own."""
    try:
        from distributed import Client, LocalCluster
        from distributed.utils import silence_logging_cmgr
    except ImportError:
        raise ArgumentError(
            "A cluster needs Dask, which is not installed.", remedy="pip install 'capdyn[cluster]'"
        ) from None
    count = address.removeprefix(_OWN)
    with ExitStack() as stack:
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL))  # what matters comes as an error
        if address.startswith(_OWN) and count.isdecimal() and int(count) > 0:
            cluster = LocalCluster(
                n_workers=int(count),
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(cluster)
            client = stack.enter_context(Client(cluster))
            stack.push(partial(_end, cluster))
            yield client
            return
        if "://" not in address:
            raise ArgumentError(
                f"--cluster: '{address}' is no cluster.", remedy="Write local:2, or tcp://host:8786."
            )
        try:
            client = stack.enter_context(Client(address, timeout=_PATIENCE))
        except (OSError, TimeoutError, ValueError) as error:
            raise ArgumentError(
                f"--cluster: nobody answers at {address} ({error}).",
                remedy="Is `dask scheduler` running there?",
            ) from None
        yield client


def _end(cluster: LocalCluster, error: type[BaseException] | None, *_: object) -> None:
    """After Ctrl-C or an error nobody waits for what workers are running; what they were writing counts when whole."""
    if error is None:
        return
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(nanny.pid, signal.SIGKILL)
