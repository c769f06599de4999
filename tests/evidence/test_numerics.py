"""Verdicts under other methods and steps."""

import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.evidence.numerics import compare_numerics
from equations import mdl

# A step of RK4 on dx/dt = -a x multiplies by 1 - z + z^2/2 - z^3/6 + z^4/24, z = a * step.
FACTOR, HALF_FACTOR = 1.375, 0.2734375  # z = 3 and 1.5


@pytest.fixture
def stiff(folder):
    (folder / "model.mdl").write_text(
        mdl("Fast = INTEG(-3 * Fast, 1) ~ Dmnl ~ |\nSlow = INTEG(1, 0) ~ Dmnl ~ |")
    )
    (folder / "scenarios" / "no_mobility_at_all.toml").write_text('[time]\nmethod = "rk4"\n')
    fact = """
[fact.{0}]
case = "Steps"
source = "Euler"
statement = "It is small in the end."
mechanism = "none"
scenario = "no_mobility_at_all"
output = "{0}"
statistic = "value"
times = 4
relation = "<"
bound = 5
"""
    text = fact.format("Slow") + fact.format("Fast").replace("bound = 5", "bound = 1")
    (folder / "evidence.toml").write_text(text)
    return folder


def test_a_verdict_that_hangs_on_the_step(stiff):
    slow, fast = compare_numerics(capdyn.open_model(stiff))
    assert slow.same and not fast.same
    found = [verdict.found for verdict in fast.verdicts]
    assert found[:2] == pytest.approx([FACTOR**4, HALF_FACTOR**8])
    assert found[2] == pytest.approx(6.14421235e-06, rel=1e-4)  # exp(-12)
    assert [verdict.holds for verdict in fast.verdicts] == [False, True, True]


def test_command(stiff):
    done = CliRunner().invoke(app, ["evidence", str(stiff), "--numerics"])
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "Verdicts that hang on the numerics",
        "fact  expected  rk4            rk4, half the step  lsoda",
        "Fast  < 1       3.574 (FAILS)  3.125e-05 (holds)   6.144e-06 (holds)",
        "1 of 2 facts have the same verdict under rk4; rk4, half the step; lsoda.",
    ]
    assert CliRunner().invoke(app, ["evidence", str(stiff), "--numerics", "--fact", "Slow"]).exit_code == 0


def test_options_that_it_would_ignore(stiff):
    done = CliRunner().invoke(app, ["evidence", str(stiff), "--numerics", "--json", "--step", "1"])
    assert done.exit_code == 2
    assert "--json, --step" in done.stderr
