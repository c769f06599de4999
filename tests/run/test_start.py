"""First values that need one another are solved, or said to have no solution before the run."""

import numpy as np
import pytest

import capdyn
from capdyn.passes.tangent import tangent
from capdyn.run.scenario import resolve
from capdyn.run.simulate import begin, fill, read_clock
from capdyn.solve.circle import agree
from equations import mdl


def opened(tmp_path, text: str) -> capdyn.Model:
    path = tmp_path / "model.mdl"
    path.write_text(mdl(text))
    return capdyn.open_model(path)


LINEAR = "a = INTEG(1, 4 + b/2)\nb = INTEG(0, a - 1)"  # a = 4 + (a - 1)/2: a = 7, b = 6
# A stock at rest: inflow = level^0.5 * 3, outflow = level / 2, so that level^0.5 = 6.
REST = "level = INTEG(inflow - outflow, 2*3*level^0.5)\ninflow = 3*level^0.5\noutflow = level/2"
EXPONENTIAL = "x = INTEG(1, INITIAL(y))\ny = EXP(-x)"  # the omega constant
ARRAY = """R: r1, r2, r3
share[R] = 0.1, 0.2, 0.3
x[R] = INTEG(1, share[R]*total + 1)
total = SUM(x[R!])"""  # total = 0.6 total + 3
MEMORY = "d = DELAY FIXED(s, 2, s/4 + 3)\ns = INTEG(0, d)"  # d = d/4 + 3


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize(
    "text, expected",
    [
        (LINEAR, {"a": 7.0, "b": 6.0}),
        (REST, {"level": 36.0, "inflow": 18.0}),
        (EXPONENTIAL, {"x": 0.5671432904097838, "y": 0.5671432904097838}),
        (ARRAY, {"total": 7.5, "x": [1.75, 2.5, 3.25]}),
        (MEMORY, {"d": 4.0, "s": 4.0}),
    ],
    ids=["linear", "at rest", "exponential", "array", "memory"],
)
def test_solved(tmp_path, text, expected, engine):
    run = capdyn.simulate(opened(tmp_path, text), engine=engine)
    for name, value in expected.items():
        np.testing.assert_allclose(run[name].isel(time=0), value, rtol=1e-12)


@pytest.mark.parametrize("text", ["a = INTEG(1, b)\nb = INTEG(1, a)", "a = INTEG(1, b)\nb = a^2 + 1"])
def test_no_solution(tmp_path, text):
    with pytest.raises(capdyn.NumericalError) as caught:
        capdyn.simulate(opened(tmp_path, text))
    (problem,) = caught.value.problems
    assert problem.what.startswith("Circular initial value: 'a' (line 2) -> 'b' (line 3) -> 'a' (line 2).")
    assert problem.where.line == 2 and "ACTIVE INITIAL" in problem.remedy


def test_a_given_first_value_opens_the_circle(tmp_path):
    model = opened(tmp_path, LINEAR)
    run = capdyn.simulate(model, initial={"a": 3.0})
    assert float(run["b"][0]) == 2.0


def test_members_do_not_depend_on_their_neighbours(tmp_path):
    model = opened(tmp_path, REST.replace("3", "k") + "\nk = 3\n")
    k = np.array([3.0, 0.7, 5.0, 1.0, 2.5, 9.0, 3.0])
    runs = [capdyn.ensemble(model, {"k": k}, lanes=lanes)["level"].values for lanes in (1, 2, 4, 8)]
    np.testing.assert_allclose(runs[0][:, 0], (2 * k) ** 2, rtol=1e-12)
    assert all((run == runs[0]).all() for run in runs[1:])


def test_a_member_without_a_solution_fails_alone(tmp_path):
    model = opened(tmp_path, "a = INTEG(1, b)\nb = k*a^2 + 1\nk = 0")
    run = capdyn.ensemble(model, {"k": np.array([0.0, 1.0, 0.25])})
    assert run["status"].values.tolist()[:2] == [0, 1]
    assert float(run["a"][0, 0]) == 1.0


def test_derivative_by_the_circle_itself(tmp_path):
    """level = (2k)^2, so that d level / d k = 8k."""
    model = opened(tmp_path, REST.replace("3", "k") + "\nk = 3\n")
    machine = model.derived("test", lambda system: tangent(system, [{("k", ()): 1.0}]))
    settings = resolve(model.system, None, None, None, None, None, None)
    values = machine.values()
    fill(machine, values, settings)
    begin(machine, values, read_clock(machine, values, settings, model))
    np.testing.assert_allclose(values[machine.layout.start["#tangent of level"]], 24.0, rtol=1e-9)


def test_lanes_are_problems_of_their_own():
    """x = cos x, and x = x + 1, which nothing solves."""
    found = agree(lambda u: np.stack([np.where([True, False], np.cos(u[0]), u[0] + 1.0)]), 1, 2)
    assert abs(found[0, 0] - 0.7390851332151607) < 1e-15 and np.isnan(found[0, 1])
