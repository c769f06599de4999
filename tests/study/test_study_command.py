"""`capdyn study` and its siblings: what they print and leave behind, and that the same command goes on."""

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.study.layout import RUNS
from capdyn.study.progress import Progress, duration, megabytes
from equations import mdl

STUDY = """
title = "How fast"
scenarios = ["baseline", "large"]
[method]
name = "uncertainty"
size = 40
[features."End"]
variable = "Level"
[features."Half"]
variable = "Level"
statistic = "crossing"
level = 5
"""
EQUATIONS = """
    Rate = 0.2 ~ 1/Year [0,1] ~ How fast it grows. |
    Level = INTEG(Rate*Level*(1 - Level/10), 1) ~ Units ~ |
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with a model, two scenarios and a study of it."""
    found = tmp_path_factory.mktemp("work")
    for name in ("growth/scenarios", "growth/studies"):
        (found / name).mkdir(parents=True)
    (found / "growth" / "model.mdl").write_text(mdl(EQUATIONS, final_time=20), encoding="utf-8")
    (found / "growth" / "scenarios" / "baseline.toml").write_text('why = "As it is."\n')
    (found / "growth" / "scenarios" / "large.toml").write_text("[initial]\nLevel = 2\n")
    (found / "growth" / "studies" / "speed.toml").write_text(STUDY)
    return found


@pytest.fixture
def work(place, monkeypatch):
    monkeypatch.chdir(place)
    return place


def call(*arguments: str):
    return CliRunner().invoke(app, ["study", *arguments], prog_name="capdyn")


def test_from_a_file_to_a_folder_that_can_be_extended_and_reproduced(work):
    first = call("growth/studies/speed.toml", "-o", "out")
    assert first.exit_code == 0, first.output
    assert "80 runs in out, 0 of them not finite." in first.stdout
    assert re.search(
        r"^\d\d:\d\d:\d\d  80 of 80 runs \(all\), .*0 failed, 0\.\d MB$", first.stderr, re.MULTILINE
    )
    assert (work / "out" / "study.toml").read_text() == STUDY
    assert (work / "out" / "report.html").is_file()

    status = call("status", "out").stdout
    assert status.startswith("How fast, of the model 'growth' (sha256 ")
    assert "80 of 80 runs: 40 members under baseline, large; 0." in status
    assert status.rstrip().endswith("Not running")

    # Nothing but the folder is needed from here on.
    (work / "growth").rename(work / "elsewhere")
    try:
        before = capdyn.load_study("out")["features"].values.copy()
        for _ in range(2):  # the second time there is nothing left to do
            more = call("extend", "out", "--size", "2")
            assert more.exit_code == 0, more.output
            assert "160 runs in out" in more.stdout
        after = capdyn.load_study("out")["features"].values
        np.testing.assert_array_equal(after[:, :40], before)
        again = call("reproduce", "out")
        assert (again.exit_code, again.stdout) == (0, "All 160 runs came out the same, bit for bit.\n")
    finally:
        (work / "elsewhere").rename(work / "growth")

    # The command that began it goes on with what it has become.
    assert "160 runs in out" in call("growth/studies/speed.toml", "-o", "out").stdout
    less = call("extend", "out", "--size", "1")
    assert less.exit_code == 2
    assert (
        less.stderr
        == "'out' has 80 members and the plan 40. Choose another folder; what is there is not thrown away.\n"
    )


def test_reproduce_tells_what_differs(work):
    assert call("growth/studies/speed.toml", "-o", "changed").exit_code == 0
    source = work / "changed" / "model" / "model.json"
    source.write_text(source.read_text().replace('["Number",10.0]', '["Number",11.0]'))
    found = call("reproduce", "changed")
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert re.match(r"feature 'End', scenario 'baseline', member 0: stored [\d.]+, now [\d.]+$", lines[0])
    assert lines[-1].endswith("of 80 runs came out otherwise.")


def test_ctrl_c_keeps_what_is_finished(work):
    """In a process of its own, with hours of work before it."""
    (work / "long.toml").write_text(STUDY.replace("size = 40", "size = 200000") + '[run]\nmethod = "rk4"\n')
    long = mdl(EQUATIONS, final_time=20, time_step=2**-12, saveper=1)
    (work / "long.mdl").write_text(long, encoding="utf-8")
    text = (work / "long.toml").read_text().replace('scenarios = ["baseline", "large"]', 'model = "long.mdl"')
    (work / "long.toml").write_text(text)
    # A shell that starts tests in the background lets them ignore interruptions, and what they start does too.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from capdyn.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "study", "long.toml", "-o", "long"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    status = work / "long" / RUNS / "status" / "c"
    while not status.exists() and process.poll() is None:
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert out == ""
    kept = re.search(
        r"^Interrupted\. ([\d,]+) of 200,000 runs are kept in long; the same command goes on\.$",
        told,
        re.MULTILINE,
    )
    assert kept, told
    assert 0 < int(kept[1].replace(",", "")) < 200_000
    assert int((capdyn.load_study("long")["status"].values >= 0).sum()) == int(kept[1].replace(",", ""))


def test_mistakes(work):
    (work / "notes").mkdir(exist_ok=True)
    (work / "notes" / "diary.txt").write_text("dear")
    for arguments, message in (
        (("nothing.toml",), "nothing.toml: The study cannot be read"),
        (("status", "notes"), "There is no study in 'notes'. Make one with: capdyn study FILE --out FOLDER"),
        (("growth/studies/speed.toml", "-o", "notes"), "'notes' is no study and holds 'diary.txt'."),
        (("growth/studies/speed.toml", "--cluster", "far"), "--cluster: 'far' is no cluster."),
    ):
        found = call(*arguments)
        assert found.exit_code == 2
        assert found.stderr.splitlines()[-1].startswith(message), found.stderr


def test_a_store_whose_metadata_are_broken(work):
    assert call("growth/studies/speed.toml", "-o", "broken").exit_code == 0
    for name in ("zarr.json", "features/zarr.json"):
        path = work / "broken" / RUNS / name
        content = path.read_text()
        for wrong in (content[: len(content) // 2], "", "{}", "[1]"):
            path.write_text(wrong)
            for arguments in (
                ("status", "broken"),
                ("growth/studies/speed.toml", "-o", "broken"),
                ("reproduce", "broken"),
            ):
                found = call(*arguments)
                assert found.exit_code == 2, found.output
                assert found.stderr.startswith("The study in 'broken' is damaged: "), found.stderr
        path.write_text(content)
    assert call("status", "broken").exit_code == 0


def test_progress_in_words():
    told = Progress(done=2048, total=65536, failed=3, rate=1234.5, left=51.4, size=12_300_000)
    assert str(told) == "2,048 of 65,536 runs (3 %), 1,234 a second, 51 s left, 3 failed, 12 MB"
    assert [duration(s) for s in (0.2, 89, 90, 5399, 5400)] == ["1 s", "89 s", "2 min", "90 min", "1.5 h"]
    assert [megabytes(s) for s in (0, 9.9e6, 1e7, 3.21e9)] == ["0.0 MB", "9.9 MB", "10 MB", "3.2 GB"]
