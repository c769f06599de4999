"""Lookups that are stretched and moved: against the same equations with the table's points moved by hand."""

import numpy as np
import pytest

import capdyn
from equations import mdl

EQUATIONS = """
    Region: Home, Away
    Effect[Home]( {home} ) ~ Units ~ |
    Effect[Away]( {away} ) ~ Units ~ |
    x = Time / 2 - 0.3
    Level[Region] = INTEG(Effect[Region](x) - 0.1 * Level[Region], Effect[Region](1)) ~ Units ~ |
    Beyond = LOOKUP EXTRAPOLATE(Effect[Home], 3 * x) ~ Units ~ |
    Read in place = 2 * WITH LOOKUP(x, ([(0,0)-(9,9)], {place})) + 1
"""
HOME, AWAY, PLACE = ((0, 0), (1, 2), (2, 3)), ((0, 1), (2, 5)), ((0, 1), (1, 4), (2, 0))


def open_with(folder, home=HOME, away=AWAY, place=PLACE, equations=EQUATIONS):
    texts = {
        word: ", ".join(f"({x!r},{y!r})" for x, y in points)
        for word, points in (("home", home), ("away", away), ("place", place))
    }
    path = folder / "model.mdl"
    path.write_text(mdl(equations.format(**texts), final_time=6, time_step=0.25), encoding="utf-8")
    return capdyn.open_model(path)


def moved(points, x_scale, x_shift, y_scale, y_shift):
    """Powers of two: no rounding."""
    return tuple((x * x_scale + x_shift, y * y_scale + y_shift) for x, y in points)


def given(x_scale, x_shift, y_scale, y_shift, name):
    return {
        f"{name} x scale": x_scale,
        f"{name} x shift": x_shift,
        f"{name} y scale": y_scale,
        f"{name} y shift": y_shift,
    }


def test_scale_one_and_shift_nothing_change_nothing(tmp_path):
    model = open_with(tmp_path)
    adjustable = capdyn.adjustable_lookups(model, ["effect", "Read in place"])
    assert adjustable.source.hash != model.source.hash
    before, after = capdyn.simulate(model), capdyn.simulate(adjustable)
    for name in before:
        assert before[name].values.tobytes() == after[name].values.tobytes(), name


@pytest.mark.parametrize("kind", ["kernel", "interpret"])
def test_points_stand_where_scale_and_shift_put_them(tmp_path, kind):
    whole, part, place = (2.0, 0.5, 4.0, -1.0), (0.5, -0.25, -2.0, 0.125), (4.0, 1.0, 0.5, 2.0)
    other = open_with(tmp_path, moved(HOME, *whole), moved(AWAY, *part), moved(PLACE, *place))
    expected = capdyn.simulate(other)
    model = capdyn.adjustable_lookups(open_with(tmp_path), ["Effect", "Read in place"])
    parameters = given(*place, "Read in place")
    for own, element in ((whole, "Home"), (part, "Away")):
        parameters |= {f"{name}[{element}]": value for name, value in given(*own, "Effect").items()}
    if kind == "kernel":
        found = capdyn.ensemble(model, {name: [value, 1.5] for name, value in parameters.items()})
        found = found.isel(member=0)
    else:
        found = capdyn.simulate(model, parameters=parameters, engine="interpret")
    for name in ("Level", "Beyond", "Read in place"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-13, atol=1e-13)


def test_derivatives_by_scale_and_shift(tmp_path):
    """f(x) = 2 x below 1: a e^(a x) away from knots, so that slopes are those of the pieces."""
    model = capdyn.adjustable_lookups(open_with(tmp_path), "Read in place")
    names = [f"Read in place {way}" for way in ("x scale", "x shift", "y scale", "y shift")]
    found = capdyn.sensitivities(model, parameters=names)["Read in place"].isel(time=4).values
    # At t = 1, x = 0.2: the table is 1 + 3 x there, and what is read 2 * (1 + 3 * 0.2) + 1.
    np.testing.assert_allclose(found, [-2 * 3 * 0.2, -2 * 3, 2 * 1.6, 2], rtol=1e-12)


def test_a_lookup_that_a_macro_reads(tmp_path):
    macro = "{UTF-8}\n:MACRO: TWICE(f, x)\nTWICE = 2 * f(x) ~ ~ |\n:END OF MACRO:\n"
    text = mdl("Effect( (0,0), (2,4) ) ~ Units ~ |\ny = TWICE(Effect, Time / 4)")
    path = tmp_path / "model.mdl"
    path.write_text(text.replace("{UTF-8}\n", macro), encoding="utf-8")
    model = capdyn.adjustable_lookups(capdyn.open_model(path), "Effect")
    found = capdyn.simulate(model, parameters={"Effect y scale": 3, "Effect x shift": 0.25})
    assert float(found["y"].sel(time=4)) == 2 * 3 * 2 * (1 - 0.25)


def test_mistakes(tmp_path):
    model = open_with(tmp_path)
    with pytest.raises(capdyn.ArgumentError) as error:
        capdyn.adjustable_lookups(model, ["Efect", "x"])
    assert [str(problem) for problem in error.value.problems] == [
        "lookups: 'Efect' is no lookup. Did you mean 'Effect'?",
        "lookups: 'x' is no lookup. Lookups: Effect, Read in place.",
    ]
    taken = open_with(tmp_path, equations=EQUATIONS + "Effect y scale = 3\n")
    with pytest.raises(capdyn.ArgumentError, match="'Effect y scale' is a variable of the model already"):
        capdyn.adjustable_lookups(taken, ["Effect"])


def test_twice_is_once(tmp_path):
    model = capdyn.adjustable_lookups(open_with(tmp_path), "Effect")
    assert capdyn.adjustable_lookups(model, ["Effect"]) is model
