"""A study's batches on a Dask cluster.

Workers need nothing but capdyn: the model comes to them as text, once, by a plugin that new workers get as well. They
write their own shards where they see the study's folder, and send them back where they do not. Only a few tasks are
under way at any time, each long enough (`_SECONDS`) that the scheduler has next to nothing to do. What a lost worker
was running is run again elsewhere, by Dask; the numbers are the same on any machine.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from ..errors import ArgumentError, StoreError
from ..run import label
from .job import Batch, Done, Job
from .lock import LOCK
from .store import Store, open_store

if TYPE_CHECKING:
    from distributed import Client

_OWN = "local:"
_SECONDS = 2.0  # that a task should take
_MOST = 256  # batches a task
_AHEAD = 2  # tasks a thread of a worker: one that runs, one that waits
_PATIENCE = 20.0  # seconds for a scheduler or a first worker to answer


@dataclass(frozen=True)
class Task:
    """Some batches: number, members, and their rows of the sample, for each."""

    batches: list[tuple[int, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Result:
    """What a task brings: batches that the worker has written, others to be written, and seconds a batch."""

    written: list[Done]
    unwritten: list[Batch]
    seconds: float


def on_cluster(address: str, job: Job, store: Store, wanted: list[tuple[int, np.ndarray]]) -> Iterator[Done]:
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
        yield from _all(client, name, store, list(wanted))


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


def _all(client: Client, name: str, store: Store, wanted: list[tuple[int, np.ndarray]]) -> Iterator[Done]:
    """Keeps a few tasks under way until nothing is left."""
    from distributed import as_completed

    wanted.reverse()
    size = 1
    going = as_completed()
    under_way = 0
    while wanted or under_way:
        threads = sum(client.nthreads().values())
        while wanted and under_way < _AHEAD * max(threads, 1):
            numbers = [wanted.pop() for _ in range(min(size, len(wanted)))]
            batches = [(number, members, store.sample(members)) for number, members in numbers]
            going.add(client.submit(_work, name, Task(batches), pure=False))
            under_way += 1
        future = next(going)
        under_way -= 1
        result: Result = future.result()
        future.release()
        yield from result.written
        yield from map(store.write, result.unwritten)
        size = int(np.clip(np.ceil(_SECONDS / max(result.seconds, 1e-6)), 1, _MOST))


def _work(name: str, task: Task) -> Result:
    """Runs on a worker."""
    from distributed import get_worker

    plugin: Any = get_worker().plugins[name]
    written, unwritten = [], []
    began = time.perf_counter()
    for number, members, sample in task.batches:
        batch = plugin.job.run(number, members, sample, threads=1)
        if plugin.store is None:
            unwritten.append(batch)
        else:
            written.append(plugin.store.write(batch))
    return Result(written, unwritten, (time.perf_counter() - began) / len(task.batches))


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
            yield stack.enter_context(Client(cluster))
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
