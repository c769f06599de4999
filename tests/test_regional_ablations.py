"""The regional model without each of its mechanisms, and under other methods: what its evidence is worth."""

import pytest

from capdyn.evidence.ablate import LEAST_CHANGE, ablate
from capdyn.evidence.numerics import compare_numerics
from capdyn.evidence.reading import read_evidence


@pytest.fixture(scope="module")
def found(regional):
    return ablate(regional)


def test_each_fact_that_holds_falls_to_some_ablation(found):
    """One that nothing breaks is no evidence for any mechanism."""
    assert [fact.id for fact in found.unbroken] == []


def test_cells_change_a_growing_cluster(found):
    cells = [effect for effect in found.effects if effect.ablation.kind == "cell"]
    assert len(cells) == 32
    assert sum(abs(effect.change) > LEAST_CHANGE for effect in cells) >= 30


def test_no_mechanism_is_superfluous(found):
    """Without each, a fact falls or a growing cluster is another."""
    assert [effect.ablation.name for effect in found.superfluous] == []


def test_every_mechanism_that_a_fact_names_can_be_taken_out(found):
    assert found.unknown == {}


def test_no_ablation_breaks_a_run(found):
    assert [(effect.ablation.name, effect.broken) for effect in found.effects if effect.broken] == []


def test_verdicts_do_not_hang_on_the_numerics(regional):
    """Every tenth fact; `capdyn evidence --numerics` compares all."""
    some = [fact.id for fact in read_evidence(regional).facts][::10]
    assert [one.fact.id for one in compare_numerics(regional, some) if not one.same] == []
