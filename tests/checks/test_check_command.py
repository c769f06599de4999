"""`capdyn check`: what it prints, and its exit status."""

import json

import pytest
from typer.testing import CliRunner

from capdyn.cli import app
from equations import mdl

EQUATIONS = "Decay = 0.1 ~ 1/Year [0,1] ~ |\nTrust = INTEG(-Decay, 1) ~ Dmnl [-9,1] ~ Output: it is. |"


@pytest.fixture
def call(tmp_path, monkeypatch):
    (tmp_path / "small.mdl").write_text(mdl(EQUATIONS, time_step="1 ~ Year ~ |"))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["check", *arguments], prog_name="capdyn")


def test_findings(call):
    done = call("small.mdl")
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == (
        "Notes\n  words  small.mdl:2:1: 'Decay' has no comment.\n"
        "         Say what it means and in which unit it is (Dmnl for a plain number).\n\n"
        "1 finding: 1 note.\n"
    )


def test_nothing_found(call):
    done = call("small.mdl", "--only", "units, ranges", "--draws", "0")
    assert (done.exit_code, done.stdout) == (0, "Nothing found.\n")


def test_json(call):
    done = call("small.mdl", "--only", "words", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == [
        {
            "kind": "words",
            "severity": "note",
            "variable": "Decay",
            "file": "small.mdl",
            "line": 2,
            "column": 1,
            "what": "'Decay' has no comment.",
            "remedy": "Say what it means and in which unit it is (Dmnl for a plain number).",
        }
    ]
    assert json.loads(call("small.mdl", "--only", "units", "--json").stdout) == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["small.mdl", "--only", "xyz"], "There is no check 'xyz'. Checks are units, finite,"),
        (["smal.mdl"], "smal.mdl"),
        (["small.mdl", "--draws", "-1"], "--draws"),
    ],
)
def test_mistakes(call, arguments, message):
    done = call(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
