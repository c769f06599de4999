"""`capdyn explain`: what it prints and draws, and what a mistake is told."""

import pytest
from typer.testing import CliRunner

from capdyn.cli import app
from equations import mdl

TEXT = """
    Rate = 0.1 ~ ~ |
    Stock = INTEG(Inflow - Outflow, 10) ~ ~ Closes R1 growth. |
    Inflow = Rate * Stock ~ ~ |
    Outflow = Stock / 20 ~ ~ |
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    (tmp_path / "m.mdl").write_text(mdl(TEXT), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["explain", "m.mdl", *arguments], prog_name="capdyn")


def test_variable(call):
    done = call("--variable", "inflow")
    assert done.exit_code == 0
    assert done.stdout == (
        "Inflow, auxiliary\n\nDepends on\n  +  Rate\n  +  Stock\n\nActs on\n  +  Stock\n\n+  rises with it\n"
    )


def test_sectors(call):
    assert call("--sectors").stdout == "The equation file of 'm' has no groups; in Vensim, Model > Group.\n"


def test_pictures(call, tmp_path):
    done = call("--out", "new/drawn")
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "new" / "drawn").iterdir()] == ["loops.svg"]
    assert ">R1 growth</text>" in (tmp_path / "new" / "drawn" / "loops.svg").read_text()


def test_a_loop_that_is_not_closed_gives_status_1(call, tmp_path):
    (tmp_path / "m.mdl").write_text(mdl("Outside = Time ~ ~ B1 no circle. |"))
    assert call().exit_code == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["--variable", "inflows"],
            "'inflows' is not a variable of 'm'. Did you mean 'Inflow' or 'Outflow'?",
        ),
        (["--loop", "R2"], "No comment of 'm' names the loop 'R2'. Named are R1."),
        (["--at", "Region"], "--at: 'Region' is not a range and an element. Write --at Region=Home."),
        (["--at", "R=a"], "'R' is not a subscript range of 'm'. Its ranges are none."),
        (
            ["-o", "m.mdl/x"],
            "'m.mdl/x' cannot be written: Not a directory. A file is in the way; choose another name.",
        ),
    ],
)
def test_mistakes(call, arguments, message):
    done = call(*arguments)
    assert done.exit_code == 2
    assert done.stderr == f"{message}\n"
