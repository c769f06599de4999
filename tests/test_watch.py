"""`capdyn watch`: looks again at each save, goes on after mistakes, ends with Ctrl-C."""

import threading
from pathlib import Path

from typer.testing import CliRunner

from capdyn.cli import app, watch
from conftest import mdl

RIGHT = mdl(
    "Level = INTEG(-Loss, 100) ~ m ~ |\nLoss = Level / Life ~ m/Month ~ |\nLife = 4 ~ Month [1,9] ~ |"
)
WRONG = RIGHT.replace("-Loss", "-Lost")
BAD_UNIT = RIGHT.replace("4 ~ Month", "4 ~ m")


def saves(monkeypatch, file: Path, *texts: str) -> None:
    """Somebody who saves these one after the other, and then presses Ctrl-C."""
    left = list(texts)

    def save(*_):
        if not left:
            raise KeyboardInterrupt
        file.write_text(left.pop(0), encoding="utf-8")

    monkeypatch.setattr("capdyn.cli.watch.wait_for_change", save)


def test_mistakes_are_told_and_the_watch_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "tank.mdl"
    file.write_text(WRONG, encoding="utf-8")
    saves(monkeypatch, file, BAD_UNIT, RIGHT)
    done = CliRunner().invoke(app, ["watch", "tank.mdl", "-o", "seen"], prog_name="capdyn")
    first, second, third = done.output.split("  tank.mdl\n")[1:]
    assert done.exit_code == 0, done.output
    assert "'Lost' is not defined" in first
    assert "At the end" not in first
    assert "units" in second
    assert "report: seen/report.html" in second
    assert "units  " not in third
    assert "report: seen/report.html" in third
    assert third.endswith("No longer watching.\n")
    assert (tmp_path / "seen" / "report.html").is_file()


def test_results_and_hidden_files_are_no_change(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "model.mdl",
        "scenarios/a.toml",
        "runs/x/run.toml",
        "mine/run.toml",
        ".git/a.toml",
        "notes.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    seen = {path.as_posix() for path in watch.stamps(Path(), Path("mine"))}
    assert seen == {"model.mdl", "scenarios/a.toml"}


def test_waits_for_a_save(tmp_path):
    file = tmp_path / "model.mdl"
    file.write_text("before")
    seen = watch.stamps(tmp_path)
    saving = threading.Timer(0.3, file.write_text, ["and after"])
    saving.start()
    watch.wait_for_change(tmp_path, None, seen)
    assert watch.stamps(tmp_path)[file] != seen[file]
