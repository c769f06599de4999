"""Facts of the small model: each number, verdict, and what the command says and returns."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.evidence.judge import FAILS, HOLDS, KNOWN, SURPRISE, judge
from capdyn.evidence.reading import read_evidence


@pytest.fixture
def verdicts(small):
    return {verdict.fact.id: verdict for verdict in judge(small)}


@pytest.mark.parametrize(
    ("fact", "found", "outcome"),
    [
        ("level", 4, HOLDS),
        ("share", 0.5, HOLDS),
        ("order", 0, KNOWN),
        ("mobility", 3 * 4 - 3 * 3, HOLDS),
        ("interaction", (5 - 4) - (4 - 3), HOLDS),
        ("noted", 0, SURPRISE),
        ("wrong", 3, FAILS),
        ("breaks", np.nan, KNOWN),
    ],
)
def test_numbers_and_verdicts(verdicts, fact, found, outcome):
    assert verdicts[fact].found == pytest.approx(found, nan_ok=True)
    assert verdicts[fact].outcome == outcome


def test_a_run_that_breaks_is_a_reason(verdicts):
    assert "'Root of distance' is nan at time 2" in verdicts["breaks"].reason
    assert not verdicts["level"].reason


def test_the_same_settings_are_run_once(small):
    seen = []
    judge(small, progress=lambda done, total, name: seen.append((done, total, name)))
    # [run.no_mobility], the_same_again and the scenario beside the model set the same.
    assert sorted(name for _, _, name in seen) == [
        "breaks",
        "cases/valley",
        "interaction, c",
        "interaction, d",
        "no_mobility",
    ]
    assert [done for done, _, _ in seen] == [1, 2, 3, 4, 5]


def test_some_facts_only(small):
    assert [v.fact.id for v in judge(small, ["wrong", "level"])] == ["level", "wrong"]
    with pytest.raises(capdyn.ArgumentError, match=r"There is no fact 'levle'\. Did you mean 'level'\?"):
        judge(small, ["levle"])


@pytest.mark.parametrize(("method", "step"), [("rk4", 0.25), ("lsoda", None)])
def test_method_and_step_reach_the_runs(small, method, step):
    changed = {verdict.fact.id: verdict for verdict in judge(small, method=method, step=step)}
    assert changed["level"].found == pytest.approx(4, abs=1e-6)  # straight lines are exact in all
    # With shorter steps the root is gone as soon as Home overtakes; LSODA says so as well.
    assert changed["breaks"].outcome == KNOWN


def test_what_a_number_is_in_words(small):
    facts = {fact.id: fact for fact in read_evidence(small).facts}
    assert facts["mobility"].measured == (
        "change of (Level[Home] + Twice[Home]) from 0 to 4; difference of with, without"
    )
    assert facts["wrong"].measured == "time of rise of Level[Home] − Level[Core] past 0"


def test_traces_show_what_was_looked_at(verdicts):
    with_, without = verdicts["mobility"].traces
    assert (with_.label, with_.run, without.label, without.run) == (
        "with",
        "cases/valley",
        "without",
        "no_mobility",
    )
    np.testing.assert_allclose(without.values, [[3, 5.25, 7.5, 9.75, 12]])
    (home_and_core,) = verdicts["order"].traces
    np.testing.assert_allclose(home_and_core.values, [[1, 2, 3, 4, 5], [4, 4, 4, 4, 4]])


def call(*arguments: str):
    return CliRunner().invoke(app, list(arguments), prog_name="capdyn")


class TestCommand:
    def test_tables_and_status(self, folder):
        done = call("evidence", str(folder))
        assert done.exit_code == 1
        assert done.stderr == ""
        assert (
            "FAILS    < 1       3          C       Home overtakes Core within a year.\n"
            "                                      [wrong: time of rise of Level[Home] − Level[Core] past 0]\n"
        ) in done.stdout
        assert done.stdout.endswith(
            "8 facts: 5 hold (5 of them predictions), 2 fail as known, 1 fails.\n"
            "Noted as failing and hold: noted. Remove `known` from them.\n"
            "Failed: wrong.\n"
        )

    def test_known_failures_do_not_count(self, folder):
        done = call("evidence", str(folder), "--fact", "order", "--fact", "noted")
        assert done.exit_code == 0
        assert done.stdout.endswith(
            "2 facts: 1 holds (1 of them predictions), 1 fails as known, 0 fail.\n"
            "Noted as failing and hold: noted. Remove `known` from them.\n"
        )

    def test_json(self, folder):
        done = call("evidence", str(folder), "--json")
        facts = {fact["id"]: fact for fact in json.loads(done.stdout)}
        assert facts["mobility"]["numbers"] == {"with": 12, "without": 9}
        assert facts["breaks"]["found"] is None and "nan at time 2" in facts["breaks"]["reason"]
        assert facts["level"]["traces"][0]["values"] == [[1, 2, 3, 4, 5]]
        assert facts["level"]["line"] == 10

    def test_a_model_without_evidence(self, folder):
        (folder / "evidence.toml").unlink()
        done = call("evidence", str(folder))
        assert done.exit_code == 2
        assert (
            done.stderr
            == f"There is no evidence.toml beside '{folder / 'model.mdl'}'. docs/evidence.md shows how to write one.\n"
        )
