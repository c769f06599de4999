"""The System that equations become: kinds, programs, switches, given initial values."""

import numpy as np
import pytest

import capdyn
from capdyn.passes.initials import give_initial, parameter_for
from capdyn.passes.system import Axis, Fixed


def kinds(system):
    return {
        s.variable: s.kind
        for s in system.symbols.values()
        if s.variable and s.name not in ("initial time", "final time", "time step", "saveper")
    }


def test_kinds(model):
    system = model("p = 3\nc = p*2\ns = INTEG(c, p)\na = s*c\nclock = Time").system
    assert kinds(system) == {
        "p": "parameter",
        "c": "constant",
        "s": "state",
        "a": "auxiliary",
        "clock": "auxiliary",
    }


def test_programs_hold_what_they_need_and_nothing_else(model):
    system = model(
        "p = 3\nc = p*2\ninflow = s*c\ns = INTEG(inflow, start)\nstart = c + 1\nshown = inflow*2"
    ).system
    assert [e.target for e in system.constants] == ["c", "start", "saveper"]
    assert [e.target for e in system.initial] == ["s"]
    assert [e.target for e in system.flows] == ["inflow", "#rate of s"]
    assert [e.target for e in system.outputs] == ["shown"]


def test_the_initial_program_brings_the_auxiliaries_that_it_needs(model):
    system = model("a = INTEG(0, 2)\nb = a*3\nc = INTEG(0, b)").system
    assert [e.target for e in system.initial] == ["a", "b", "c"]


def test_smooth_is_a_hidden_stock(model):
    system = model("x = SMOOTH3(Time, 6)").system
    assert [s.name for s in system.of_kind("state")] == [f"#smooth {i} of x" for i in (1, 2, 3)]
    assert system.symbols["x"].kind == "auxiliary"


def test_indices(model):
    system = model("R: r1, r2, r3\nsub: r2, r3\na[R] = 1,2,3\nb[sub] = a[sub]*a[r1]*Time").system
    (equation,) = (e for e in system.outputs if e.target == "b")
    product = equation.node.arguments[0]
    assert [load.index for load in product.arguments] == [(Axis(0, (1, 2)),), (Fixed(0),)]


@pytest.mark.parametrize(
    "equations, expected",
    [
        ("x = INTEG(STEP(1, 3), 0)", {3}),
        ("on = 2\nx = INTEG(PULSE(on, 1.5), 0)", {2, 3.5}),
        ("x = INTEG(RAMP(1, 1, 2.5), 0)", {1, 2.5}),
        ("x = INTEG(IF THEN ELSE(Time > 1.25, 1, 0), 0)", {1.25}),
        ("x = INTEG(IF THEN ELSE(3 <= Time - 0.5, 1, 0), 0)", {3.5}),
        ("x = INTEG(MAX(Time, 2), 0)", {2}),
        ("f((0,0),(1,1),(3,0))\nx = INTEG(f(Time), 0)", {1, 3}),
        ("R: r1, r2\nstart[R] = 1,2\nx = INTEG(SUM(STEP(1, start[R!])), 0)", {1, 2}),
        ("x = INTEG(PULSE TRAIN(0.5, 0.25, 1.5, 4), 0)", {0.5, 0.75, 2, 2.25, 3.5, 3.75}),
        ("x = INTEG(IF THEN ELSE(x > 1, 1, 2), 0)", set()),
    ],
    ids=[
        "step",
        "pulse",
        "ramp",
        "written out",
        "shifted",
        "max",
        "lookup of time",
        "by element",
        "train",
        "state",
    ],
)
def test_switch_times(model, equations, expected):
    from capdyn.run.adaptive import switch_times
    from capdyn.run.clock import Clock
    from capdyn.run.scenario import resolve
    from capdyn.run.simulate import fill, read_clock

    opened = model(equations, final_time=4)
    machine = opened.engine("interpret")
    values = machine.values()
    settings = resolve(opened.system, None, None, None, None)
    fill(machine, values, settings)
    clock = read_clock(machine, values, settings, opened)
    assert isinstance(clock, Clock)
    assert set(switch_times(machine, values, clock)) == expected


def test_given_initial_values_reach_what_follows_from_them(model):
    """An INITIAL of a stock, and another stock that starts from it, follow the value that is given."""
    opened = model("a = INTEG(1, 2)\nb = INTEG(0, a*10)\nfirst = INITIAL(a)")
    result = capdyn.simulate(opened, initial={"a": 5})
    assert (result["a"].values[0], result["b"].values[0], result["first"].values[-1]) == (5, 50, 5)


def test_given_initial_value_of_one_element(model):
    opened = model("R: r1, r2\nbase[R] = 1,2\na[R] = INTEG(1, base[R])")
    result = capdyn.simulate(opened, initial={"a[r2]": 7})
    np.testing.assert_array_equal(result["a"].values[0], [1, 7])


def test_giving_nothing_changes_nothing(model):
    system = model("a = INTEG(1, 2)").system
    assert give_initial(system, frozenset()) is system
    assert parameter_for("a") not in system.symbols


@pytest.mark.parametrize(
    "equations, message",
    [
        ("a[S] :EXCEPT: [Few] = 1\na[s1] = 1", r"'Few' after :EXCEPT: is no element of 'a'\."),
        ("a[S] :EXCEPT: [s1, s2] = 1\na[s1] = 1", r"2 subscripts follow :EXCEPT: here, and 'a' has 1\."),
        ("f[S] :EXCEPT: [s4]((0,0),(1,1))\na[S] = f[S](1)", r"'s4' after :EXCEPT: .* Did you mean 's"),
    ],
    ids=["no element", "too many", "of a lookup"],
)
def test_what_follows_except_must_be_there(model, equations, message):
    with pytest.raises(capdyn.ModelError, match=message):
        model("S: s1, s2\n" + equations)


@pytest.mark.parametrize("order", ["1e9", "0", "1.5", ":NA:", "1001"])
def test_the_order_of_a_delay(model, order):
    with pytest.raises(capdyn.ModelError, match="whole number from 1 to 1000"):
        model(f"x = DELAY N(Time, 8, 1, {order})")


def test_a_circle_through_a_function_of_whole_arrays(model):
    with pytest.raises(capdyn.ModelError, match=r"Circular definition: 'o\[r1\]' \(line 3\) -> 'o' "):
        model("R: r1, r2\no[R] = VECTOR SORT ORDER(o[R], 1)")


@pytest.mark.parametrize("copy, dims", [("j <-> i\n", ("i", "j")), ("", ("i", "i 2"))], ids=["copy", "none"])
def test_two_dimensions_along_one_range_have_two_names(model, copy, dims):
    """Given element by element, both are of the range i, and a Dataset has each dimension once."""
    equations = "m[i1,i1] = 1\nm[i1,i2] = 2\nm[i2,i1] = 3\nm[i2,i2] = 4*Time"
    found = capdyn.simulate(model(f"i: i1, i2\n{copy}{equations}"))["m"]
    assert found.dims == ("time", *dims)
    assert found.sel({dims[0]: "i2", dims[1]: "i1"}).values.tolist() == [3] * 5
