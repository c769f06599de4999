"""Studies on disk: what is kept, what continues, what is refused, what is found to be damaged."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import zarr

import capdyn
from capdyn import Feature
from capdyn.study.plan import Plan
from capdyn.study.reproduce import reproduce
from capdyn.study.run import load_study, run_study
from capdyn.study.status import study_status
from capdyn.study.store import RUNS, open_store
from studies import EQUATIONS, FEATURES, arrays, plan_of


def test_a_study_holds_what_ensembles_give(opened, tmp_path):
    plan = plan_of(opened)
    found = run_study(plan, tmp_path / "s", batch=16)
    inputs = dict(zip(plan.inputs, plan.sample.T, strict=True))
    for number, scenario in enumerate(plan.scenarios):
        direct = capdyn.ensemble(opened, inputs, scenario, seed=3)
        for name in ("Level", "Inverse"):
            np.testing.assert_array_equal(found[name][number], direct[name])
            assert found[name].attrs == direct[name].attrs
        for name in ("status", "failed_time", "failed_variable"):
            np.testing.assert_array_equal(found[name][number], direct[name])
        ok = direct["status"].values == 0
        assert ok.sum() == 99
        np.testing.assert_array_equal(
            found["features"].sel(feature="total")[number], direct["Total"].isel(time=-1)
        )
    base, boosted = (capdyn.ensemble(opened, inputs, s, ["Total"], seed=3)["Total"] for s in plan.scenarios)
    np.testing.assert_array_equal(found["features"].sel(feature="gain")[1], (boosted - base).max("time"))
    assert not found["features"].sel(feature="gain")[0].any()
    np.testing.assert_array_equal(found["sample"], plan.sample)
    assert found["feature_units"].values.tolist() == ["Units", "", "Units"]
    assert found["scenario"].values.tolist() == ["model", "custom"]
    assert found["Level"].dims == ("scenario", "member", "time", "Region")
    assert found["Region"].values.tolist() == ["Home", "Away"]


def test_a_crossing_is_where_the_line_crosses(opened, tmp_path):
    """Level[Home] without noise: start * (1 + rate)^t, a straight line between save times."""
    quiet = {"parameters": {"rate": 0.5}}
    plan = Plan(opened, ("start[Home]",), np.array([[1.0], [2.5]]), (quiet,), FEATURES[1:2])
    found = run_study(plan, tmp_path / "s")["features"].values[0, :, 0]
    trajectory = capdyn.ensemble(opened, {"start[Home]": [1.0]}, quiet)["Level"].sel(Region="Home").values[0]
    after = int(np.argmax(trajectory >= 2))
    share = (2 - trajectory[after - 1]) / (trajectory[after] - trajectory[after - 1])
    np.testing.assert_allclose(found, [after - 1 + share, 0], rtol=1e-14)


def test_batches_pieces_and_threads_change_no_bit(opened, expected, tmp_path, monkeypatch):
    monkeypatch.setattr("capdyn.study.prepare._PIECE", 1)
    monkeypatch.setattr("capdyn.study.prepare._FEWEST", 8)
    for number, batch in enumerate((10, 32)):
        found = run_study(plan_of(opened), tmp_path / str(number), batch=batch, threads=1 + number)
        assert arrays(found) == expected


def test_thinned_series_keep_the_last(opened, tmp_path):
    whole = run_study(plan_of(opened), tmp_path / "whole")
    thin = run_study(plan_of(opened, thin=3), tmp_path / "thin")
    assert thin["time"].values.tolist() == [0, 3, 6, 8]
    np.testing.assert_array_equal(thin["Level"], whole["Level"].sel(time=[0, 3, 6, 8]))
    np.testing.assert_array_equal(thin["features"], whole["features"])


def test_a_finished_study_is_not_run_again(opened, expected, tmp_path, monkeypatch):
    run_study(plan_of(opened), tmp_path / "s")
    monkeypatch.setattr("capdyn.study.job.Job.run", None)
    assert arrays(run_study(plan_of(opened), tmp_path / "s")) == expected


def test_progress_counts_runs_and_failures(opened, tmp_path):
    told = []
    run_study(plan_of(opened), tmp_path / "s", batch=16, tell=told.append)
    assert [p.done for p in told] == [0, *(32 * n for n in range(1, 7)), 200]
    assert (told[-1].total, told[-1].failed, told[-1].left) == (200, 2, 0.0)
    assert told[-1].size == sum(f.stat().st_size for f in (tmp_path / "s" / RUNS).rglob("*") if f.is_file())


KILLED = """
    import os, signal, sys
    from pathlib import Path
    sys.path[:0] = [{tests!r}]
    import capdyn
    from studies import plan_of
    from capdyn.study.run import run_study

    def tell(progress):
        if progress.done >= {share} * progress.total:
            os.kill(os.getpid(), {signal})

    run_study(plan_of(capdyn.open_model({model!r})), {folder!r}, batch=10, tell=tell)
"""


def start(opened, folder, share, what):
    """A process that sends itself a signal when it has made that share of the runs."""
    code = KILLED.format(
        tests=str(Path(__file__).parent.parent), share=share,
        signal=int(what), model=str(opened.path), folder=str(folder),
    )  # fmt: skip
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_killed_and_continued_it_is_as_if_nothing_had_been(opened, expected, tmp_path, share):
    folder = tmp_path / "killed"
    assert start(opened, folder, share, signal.SIGKILL).wait() == -signal.SIGKILL
    status = study_status(folder)
    assert share * 200 <= status.done <= share * 200 + 60  # at most what was under way beyond it
    assert not status.damaged and not status.holder
    partly = load_study(folder)
    done = partly["status"].values >= 0
    assert done.sum() == status.done
    whole = np.frombuffer(expected["features"]).reshape(partly["features"].shape)
    np.testing.assert_array_equal(partly["features"].values[done], whole[done])
    told = []
    assert arrays(run_study(plan_of(opened), folder, tell=told.append)) == expected
    assert told[0].done == status.done


def test_a_full_disk_costs_only_the_batches_under_way(opened, expected, small_disk):
    """A disk of 4 MB of which somebody else leaves 200 kB. Then they go."""
    folder, ballast = small_disk / "s", small_disk / "ballast"
    run_study(plan_of(opened, n_members=10), folder, batch=10)
    disk = os.statvfs(small_disk)
    ballast.write_bytes(b"x" * (disk.f_bavail * disk.f_frsize - 200_000))
    with pytest.raises(
        capdyn.StoreError, match=r"cannot be written: No space left on device\. Free some space"
    ):
        run_study(plan_of(opened), folder)
    full = study_status(folder)
    assert 20 < full.done < 200
    assert not list(folder.rglob("*.partial"))
    ballast.unlink()
    assert arrays(run_study(plan_of(opened), folder)) == expected


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("which", [3, 10, 17])
def test_a_write_that_fails_costs_only_its_batch(opened, expected, tmp_path, monkeypatch, which):
    """The same without a disk: some file of some batch fails."""
    import zarr.storage._local as local

    folder, real, calls = tmp_path / "s", local._put, []
    run_study(plan_of(opened, n_members=10), folder, batch=10)

    def put(path, *args, **kwargs):
        calls.append(path)
        if "/c/" in str(path) and "sample" not in str(path) and len(calls) > 10 + which:
            raise OSError(28, "No space left on device")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(local, "_put", put)
    with pytest.raises(capdyn.StoreError, match="No space left on device"):
        run_study(plan_of(opened), folder)
    monkeypatch.setattr(local, "_put", real)
    assert not study_status(folder).damaged
    assert arrays(run_study(plan_of(opened), folder)) == expected


def test_two_processes_do_not_write_at_once(opened, expected, tmp_path):
    """The second is refused while the first is alive, and goes on where it stopped when that is killed."""
    folder = tmp_path / "s"
    first = start(opened, folder, 0.3, signal.SIGSTOP)
    try:
        os.waitpid(first.pid, os.WUNTRACED)  # it has stopped itself
        with pytest.raises(capdyn.StoreError) as caught:
            run_study(plan_of(opened), folder)
        begins = f"'{folder}' is in use by another capdyn (process {first.pid}, since 20"
        assert str(caught.value).startswith(begins)
        assert str(caught.value).endswith("Wait until it has finished, or choose another folder.")
        assert study_status(folder).holder.startswith(f"process {first.pid}")
        assert (load_study(folder)["status"].values == -1).any()
    finally:
        first.kill()
        first.wait()
    assert arrays(run_study(plan_of(opened), folder)) == expected


def test_extending_keeps_what_is_there(opened, expected, tmp_path, monkeypatch):
    """Twice as many, in batches that do not divide the number of members."""
    run_study(plan_of(opened, 50), tmp_path / "s", batch=16)
    run, members = capdyn.study.job.Job.run, []
    monkeypatch.setattr(
        "capdyn.study.job.Job.run", lambda job, n, who, *rest: members.extend(who) or run(job, n, who, *rest)
    )
    assert arrays(run_study(plan_of(opened, 100), tmp_path / "s")) == expected
    assert sorted(members) == list(range(50, 100))
    with pytest.raises(capdyn.StoreError, match=r"has 100 members and the plan 50\. Choose another folder"):
        run_study(plan_of(opened, 50), tmp_path / "s")


def test_another_study_is_not_mixed_in(opened, expected, model, tmp_path):
    folder = tmp_path / "s"
    run_study(plan_of(opened), folder)
    other = model(EQUATIONS + "Other = 1\n", "other.mdl", final_time=8)
    for plan, what in (
        (plan_of(opened, seed=4), "holds a study with another seed"),
        (plan_of(opened, series=()), "holds a study with other series"),
        (plan_of(other), "holds a study with another model"),
        (plan_of(opened, sample=plan_of(opened).sample[::-1].copy()), "holds a study with another sample"),
    ):
        with pytest.raises(capdyn.StoreError, match=what):
            run_study(plan, folder)
    assert arrays(load_study(folder)) == expected


def test_a_folder_with_something_else_is_left_alone(opened, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(
        capdyn.StoreError, match=r"is no study and holds '.*'\. Choose another folder, or empty it\."
    ):
        run_study(plan_of(opened), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def shard(folder: Path, name: str, number: int) -> Path:
    return sorted(p for p in (folder / RUNS / name / "c").rglob("*") if p.is_file())[number]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a bit": _flip,
    "the second half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "all": lambda path: path.write_bytes(b""),
    "the file": lambda path: path.unlink(),
}


@pytest.mark.parametrize(
    "name, damage",
    [
        *(("features", damage) for damage in DAMAGES),
        ("status", "all"),
        ("status", "the file"),
        ("series_Level", "a bit"),
        ("digest", "the second half"),
    ],
)
def test_a_damaged_shard_is_told_and_run_again(opened, expected, tmp_path, name, damage):
    folder = tmp_path / "s"
    run_study(plan_of(opened), folder, batch=50)
    DAMAGES[damage](shard(folder, name, 1))
    told = []
    if (name, damage) == ("status", "the file"):  # a batch without status has not been run
        assert study_status(folder).done == 100
    else:
        assert study_status(folder).damaged == (1,)
        with pytest.raises(
            capdyn.StoreError, match=r"1 of 2 batches in '.*' are damaged, the first being 1\. Give the"
        ):
            load_study(folder)
    assert arrays(run_study(plan_of(opened), folder, tell=told.append)) == expected
    if (name, damage) != ("status", "the file"):
        assert told[0].note == "Batch 1 (members 50 to 99) is damaged; it is run again."
    assert study_status(folder).damaged == ()


def test_shards_that_changed_places_are_found(opened, tmp_path):
    folder = tmp_path / "s"
    run_study(plan_of(opened), folder, batch=50)
    first, second = shard(folder, "features", 0), shard(folder, "features", 1)
    other = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(other)
    assert study_status(folder).damaged == (0, 1)


def test_reproduce_agrees_and_finds_a_changed_number(opened, tmp_path, monkeypatch):
    folder = tmp_path / "s"
    run_study(plan_of(opened), folder, batch=50)
    monkeypatch.setattr("capdyn.run.open.open_cached", None)  # the folder alone is enough
    found = reproduce(folder)
    assert (found.runs, found.different, found.first) == (200, 0, ())
    # Somebody improves a result, and knows the digest too.
    store = open_store(folder, "r+")
    features = zarr.open_array(folder / RUNS / "features", mode="r+")
    features[1, 60, 0] = np.nextafter(features[1, 60, 0], np.inf)
    batch = store.read(1, store.members(1))
    store.write(batch)
    found = reproduce(folder)
    assert (found.runs, found.different) == (200, 1)
    assert str(found.first[0]).startswith("feature 'total', scenario 'custom', member 60: stored ")


def test_status_tells_what_failed(opened, tmp_path):
    run_study(plan_of(opened), tmp_path / "s")
    status = study_status(tmp_path / "s")
    assert (status.done, status.total, status.failed, status.causes) == (200, 200, 2, (("Inverse", 2),))


MISTAKES = [
    ({"sample": np.zeros((3, 1))}, "sample: its shape is (3, 1) and there are 2 inputs. Give an array of shape (n_members, n_inputs)."),
    ({"sample": np.full((3, 2), np.nan)}, "sample: not all of it are finite doubles. Draw it again."),
    ({"features": (), "series": ()}, "Nothing is kept of the runs. Name features or series."),
    ({"features": (Feature("final", "a", "Totl"),)}, "feature 'a': 'Totl' is not a variable of the model. Did you mean 'Total'?"),
    ({"features": (Feature("final", "a", "Level"),)}, "feature 'a': 'Level' stands for 2 numbers. Name one element of [Region]."),
    ({"features": (Feature("final", "a", "rate"),)}, "feature 'a': 'rate' is constant in time. Name a stock or an auxiliary."),
    ({"features": (Feature("final", "", "Total"),)}, "feature 1: it has no name. Give it one; results go by it."),
    (
        {"features": (Feature("final", "a", "Total", against="mode"),)},
        "feature 'a': 'mode' is no scenario of the study. Did you mean 'model'?",
    ),
    ({"features": (FEATURES[0], FEATURES[0])}, "feature 'total' is there more than once. Leave one out."),
    ({"series": ("Level", "level")}, "series 'level' is there more than once. Leave one out."),
    ({"thin": 0}, "thin is 0. Give 1 to keep all save times, or more."),
    (
        {"features": (Feature("at", "a", "Total", at=9.0),)},
        "feature 'a': at 9 is not in the run. Runs go from 0 to 8.",
    ),
    (
        {"scenarios": (None, {"time": {"final": 6}})},
        "Scenarios 'model' and 'custom' are saved at different times. Give them the same [time], or make a study of each.",
    ),
    (
        {"sample": np.array([[0.0, 1.0], [3.0, 1.0]])},
        "parameters: 'rate' gets 3, outside its range [-1.0, 2.0]. Stay within it, or widen the range in the equation file.",
    ),
]  # fmt: skip


@pytest.mark.parametrize("changes, message", MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_mistakes_are_found_before_anything_is_written(opened, tmp_path, changes, message):
    with pytest.raises(capdyn.CapdynError) as caught:
        run_study(plan_of(opened, **changes), tmp_path / "s")
    assert str(caught.value) == message
    assert not (tmp_path / "s").exists()


def test_there_is_no_study(tmp_path):
    with pytest.raises(capdyn.StoreError, match=r"There is no study in .* Make one with: capdyn study FILE"):
        load_study(tmp_path)


def test_names_that_no_file_system_holds(model, tmp_path):
    opened = model('"A/B": "x/y", z\n"in/out"["A/B"] = INTEG(1, 0)\n"In out" = INTEG(2, 0)\nk = 1')
    plan = Plan(opened, ("k",), np.ones((3, 1)), series=("in/out", "In out"))
    found = run_study(plan, tmp_path / "s")
    np.testing.assert_array_equal(found["in/out"].isel(time=-1), np.full((1, 3, 2), 4.0))
    np.testing.assert_array_equal(found["In out"].isel(time=-1), np.full((1, 3), 8.0))
    assert found["A/B"].values.tolist() == ["x/y", "z"]


def test_members_that_differ_in_their_random_numbers_only(opened, tmp_path):
    plan = plan_of(opened, inputs=(), sample=np.empty((20, 0)))
    found = run_study(plan, tmp_path / "s")
    assert len(np.unique(found["features"].sel(feature="total")[0])) == 20
