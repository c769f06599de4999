"""Studies on a Dask cluster: the same bits as on one machine, whatever happens to the workers."""

import os
import signal
from collections import deque
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import capdyn
from capdyn.study import cluster as clusters
from capdyn.study.layout import RUNS
from capdyn.study.run import run_study
from studies import arrays, plan_of

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def two_workers():
    """A scheduler with two workers; those that die come again."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as two:
        yield two


def files(folder: Path) -> dict[str, bytes]:
    """The bytes of all shards."""
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in (folder / RUNS).rglob("c/**/*") if p.is_file()
    }


def test_a_worker_killed_twice_changes_no_bit(opened, tmp_path, two_workers, monkeypatch):
    """Batches of a tenth of a second, a task each, and one worker dies while it has some."""
    monkeypatch.setattr(clusters, "_SECONDS", 0.0)
    plan = plan_of(
        opened, scenarios=({"time": {"step": 2.0**-14, "saveper": 1}},), features=plan_of(opened).features[:2]
    )
    scheduler, told, killed, tasks = two_workers.scheduler, [], [], []

    def tell(progress):
        told.append(progress.done)
        tasks.append(len(scheduler.tasks))
        if len(told) in (3, 6):
            busy = next(worker for worker in scheduler.workers.values() if worker.processing)
            nanny = next(n for n in two_workers.workers.values() if n.worker_address == busy.address)
            killed.append(nanny.process.process.pid)
            os.kill(killed[-1], signal.SIGKILL)

    found = run_study(plan, tmp_path / "s", batch=10, cluster=two_workers.scheduler_address, tell=tell)
    assert len(set(killed)) == 2
    assert told == [10 * n for n in range(11)]
    assert max(tasks) <= 6  # two a worker, and those that are being forgotten
    assert arrays(found) == arrays(run_study(plan, tmp_path / "here", batch=10))
    assert files(tmp_path / "s") == files(tmp_path / "here")


def test_without_a_shared_disk(opened, expected, tmp_path, two_workers, monkeypatch):
    """Where workers do not see the folder they send their batches back. Short batches are put together, after the
    first two have shown how long one takes: by a clock that gives a second to each."""
    monkeypatch.setattr(clusters, "_token", lambda store: "")
    monkeypatch.setattr(clusters, "_SECONDS", 6.0)
    monkeypatch.setattr(clusters, "perf_counter", count().__next__)
    work, results = clusters.Task, []
    monkeypatch.setattr(clusters, "Task", lambda batches: results.append(len(batches)) or work(batches))
    found = run_study(plan_of(opened), tmp_path / "s", batch=1, cluster=two_workers.scheduler_address)
    assert arrays(found) == expected
    assert results[:4] == [6, 6, 6, 6]  # two a worker, before anything is known of their pace
    assert min(results) == 6


def test_a_cluster_of_its_own(opened, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "_SECONDS", 0.0)
    assert arrays(run_study(plan_of(opened), tmp_path / "s", cluster="local:1")) == expected


def test_a_study_shorter_than_a_task_makes_none(opened, expected, tmp_path, two_workers, monkeypatch):
    monkeypatch.setattr(clusters, "_SECONDS", 1e6)
    monkeypatch.setattr(clusters, "Task", None)
    address = two_workers.scheduler_address
    assert arrays(run_study(plan_of(opened), tmp_path / "s", batch=10, cluster=address)) == expected


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 60))
def test_no_task_has_less_than_the_least(sizes, least):
    """Batches of any sizes, enough for one task: each is in one task, none of which is too short."""
    assume(sum(sizes) >= least)
    wanted = deque((number, np.arange(size)) for number, size in enumerate(sizes))
    tasks = []
    while wanted:
        tasks.append(clusters._taken(wanted, least))
    assert [number for task in tasks for number, _ in task] == list(range(len(sizes)))
    members = [sum(len(own) for _, own in task) for task in tasks]
    assert min(members) >= least
    assert max(members) < 2 * least + 2 * 9


def test_workers_of_another_version_are_refused(opened, tmp_path, two_workers, monkeypatch):
    monkeypatch.setattr(clusters, "_versions", lambda: "capdyn 9.9")
    with pytest.raises(
        capdyn.ArgumentError, match=r"cannot run capdyn: it has python .*, and capdyn 9\.9 is asked for"
    ):
        run_study(plan_of(opened), tmp_path / "s", cluster=two_workers.scheduler_address)


@pytest.mark.parametrize(
    "address, message",
    [
        ("local:0", r"--cluster: 'local:0' is no cluster\. Write local:2, or tcp://host:8786\."),
        ("here", r"--cluster: 'here' is no cluster\."),
        (
            "tcp://127.0.0.1:1",
            r"--cluster: nobody answers at tcp://127\.0\.0\.1:1 .* Is `dask scheduler` running",
        ),
        ("odd://127.0.0.1:1", r"--cluster: nobody answers at odd://127\.0\.0\.1:1"),
    ],
)
def test_no_cluster(opened, tmp_path, monkeypatch, address, message):
    monkeypatch.setattr(clusters, "_PATIENCE", 0.5)
    with pytest.raises(capdyn.ArgumentError, match=message):
        run_study(plan_of(opened), tmp_path / "s", cluster=address)
