"""The regional model against the papers: the twenty documented cases, and the facts that they must show."""

import tomllib
from collections import Counter

import pytest

import capdyn
from capdyn.evidence.judge import FAILS, SURPRISE, judge
from capdyn.run.scenario import names, resolve
from equations import REGIONAL

CASES = [name for name in names(REGIONAL) if name.startswith("cases/")]
FAILURES = [name for name in names(REGIONAL) if name.startswith("failure_")]
CENTRAL = {
    "gamarra_transaction",
    "gamarra_flat",
    "gamarra_moves",
    "ludhiana_survives",
    "ludhiana_without",
    "ceara_private_share",
    "ceara_private_rises",
    "ceara_new_markets",
    "ceara_obligation",
    "game_unilateral_gain",
    "game_best_answer",
    "game_mutual_loss",
}
CALIBRATED = {"mexico_1980", "mexico_1983", "mexico_1987", "ceara_private_share"}


@pytest.fixture(scope="module")
def verdicts(regional):
    return judge(regional)


def test_twenty_cases_and_ten_failures():
    assert len(CASES) == 20
    assert len(FAILURES) == 10


@pytest.mark.parametrize("name", CASES)
def test_case_tells_what_the_paper_reports(regional, name):
    """A paragraph, with the place in the paper; levers and parameters alone, so that the equations are the same for all."""
    settings = resolve(regional.system, name, REGIONAL)
    assert len(settings.why.split()) > 40
    assert any(f"{paper}" in settings.why for paper in ("000", "001", "002", "003", "004"))
    assert settings.initial == {}


def test_enough_facts_for_every_case(verdicts):
    facts = Counter(verdict.fact.case for verdict in verdicts)
    assert len(verdicts) >= 60
    assert min(facts.values()) >= 2
    assert len(facts) == 21  # the cases, and the failure modes of policy


def test_only_the_dated_numbers_are_calibrated(verdicts):
    assert {verdict.fact.id for verdict in verdicts if verdict.fact.calibrated} == CALIBRATED


def test_facts_hold_or_say_why_not(verdicts):
    """A failure that nobody has explained, and one that is explained and gone, both have to be looked at."""
    assert [(v.fact.id, v.found_text) for v in verdicts if v.outcome in (FAILS, SURPRISE)] == []


def test_most_facts_hold(verdicts):
    assert sum(verdict.holds for verdict in verdicts) >= 50
    assert sum(verdict.holds for verdict in verdicts) / len(verdicts) >= 50 / 60


def test_central_facts_are_not_explained_away(verdicts):
    """What the theory stands or falls with may not be noted as a known failure."""
    assert CENTRAL - {verdict.fact.id for verdict in verdicts if verdict.holds} == set()


def test_each_failure_of_policy_is_shown(verdicts):
    """Every failure scenario is looked at by a fact that holds."""
    facts = tomllib.loads((REGIONAL / "evidence.toml").read_text(encoding="utf-8"))["fact"]
    holding = [facts[verdict.fact.id] for verdict in verdicts if verdict.holds]
    looked_at = {run for fact in holding for run in fact.get("runs", {"": fact.get("scenario")}).values()}
    assert set(FAILURES) - looked_at == set()


def test_mechanisms_of_facts_can_be_switched_off(regional, verdicts):
    """Each is an ablation, or a row or cell of the table of mechanisms."""
    ablations = tomllib.loads((REGIONAL / "ablations.toml").read_text(encoding="utf-8"))["ablation"]
    rows = regional.system.symbols["mechanism strength"].elements[0]
    for verdict in verdicts:
        for mechanism in verdict.fact.mechanism:
            assert mechanism in ablations or mechanism.split(",")[0] in rows, verdict.fact.id


def test_known_numbers_of_a_case(regional):
    """Boras: 300 firms, as reported (000)."""
    run = capdyn.simulate(regional, "cases/boras_service_bureau", outputs=["Firms"])
    assert float(run["Firms"].sel(Region="Home").isel(time=0).sum()) == 300
