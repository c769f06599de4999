"""Test functions written as models, through the whole machinery: study file, runs on disk, gate, methods."""

from dataclasses import replace

import numpy as np
import pytest

import capdyn
from capdyn.study.analyse import analyse
from capdyn.study.read import read_study
from capdyn.study.run import run_study
from equations import mdl

ISHIGAMI = """
x1 = 0 ~ [-3.141592653589793, 3.141592653589793] ~ |
x2 = 0 ~ [-3.141592653589793, 3.141592653589793] ~ |
x3 = 0 ~ [-3.141592653589793, 3.141592653589793] ~ |
Flow = SIN(x1) + 7 * SIN(x2)^2 + 0.1 * x3^4 * SIN(x1) ~ ~ |
Y = INTEG(Flow, 0) ~ ~ |
"""
G = """
Input: i1, i2, i3, i4, i5, i6
u[Input] = 0.5 ~ [0, 1] ~ |
a[Input] = 0, 1, 4.5, 9, 99, 99 ~ ~ |
Factor[Input] = (ABS(4 * u[Input] - 2) + a[Input]) / (1 + a[Input]) ~ ~ |
Flow = PROD(Factor[Input!]) ~ ~ |
Y = INTEG(Flow, 0) ~ ~ |
"""
V1, V2, V13 = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.01 * np.pi**8 * (1 / 18 - 1 / 50)
ISHIGAMI_FIRST = np.array([V1, V2, 0]) / (V1 + V2 + V13)
ISHIGAMI_TOTAL = np.array([V1 + V13, V2, V13]) / (V1 + V2 + V13)
PARTS = 1 / (3 * (1 + np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])) ** 2)
G_FIRST = PARTS / (np.prod(1 + PARTS) - 1)
G_TOTAL = G_FIRST * np.prod(1 + PARTS) / (1 + PARTS)
FUNCTIONS = {"ishigami": (ISHIGAMI, ISHIGAMI_FIRST, ISHIGAMI_TOTAL), "g": (G, G_FIRST, G_TOTAL)}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A function from equations to their model; each is compiled once."""
    known = {}

    def find(equations):
        if equations not in known:
            path = tmp_path_factory.mktemp("models") / "model.mdl"
            path.write_text(mdl(equations, final_time=1), encoding="utf-8")
            known[equations] = capdyn.open_model(path)
        return known[equations]

    return find


@pytest.fixture
def done(tmp_path, opened):
    """A function from equations and a study file to its analysis."""

    def run(equations, text, folder="runs"):
        path = tmp_path / "study.toml"
        path.write_text(text, encoding="utf-8")
        study = read_study(path, opened(equations))
        return analyse(run_study(study.plan(), tmp_path / folder), study)

    return run


FEATURE = '[features."Y"]\nvariable = "Y"\n'


@pytest.mark.parametrize("size", [256, 1024, 4096])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_sobol_of_a_model_holds_the_closed_form(done, name, size):
    """First and total indices within their own 99 % intervals. A G function's elements are inputs of their own."""
    equations, first, total = FUNCTIONS[name]
    groups = (
        "" if name == "ishigami" else "[groups]\n" + "".join(f'"g{i}" = ["u[i{i}]"]\n' for i in range(1, 7))
    )
    text = f'[method]\nname = "sobol"\nsize = {size}\nseed = 1\nconfidence = 0.99\n{groups}\n{FEATURE}'
    found = done(equations, text).results.sel(scenario="model", feature="Y")
    for word, true in (("first", first), ("total", total)):
        low, high = found[f"{word}_interval"].values.T
        assert ((low <= true) & (true <= high)).all(), word


def test_other_methods_of_a_model(done):
    """Published values: Plischke et al. (2013) for delta; the upper bound of Sobol' and Kucherenko (2009) for dgsm."""
    text = f'[method]\nname = ["pawn", "delta"]\nsize = 4096\nresamples = 20\n{FEATURE}'
    found = done(ISHIGAMI, text, "given").results.sel(scenario="model", feature="Y")
    np.testing.assert_allclose(found["delta"], [0.210, 0.358, 0.155], atol=0.03)
    assert found["pawn"].values.argmax() == 1 and (found["pawn"] > found["pawn_noise"]).all()
    text = f'[method]\nname = "efast"\nsize = 513\n{FEATURE}'
    found = done(ISHIGAMI, text, "efast").results.sel(scenario="model", feature="Y")
    np.testing.assert_allclose(found["first"], ISHIGAMI_FIRST, atol=0.03)
    np.testing.assert_allclose(found["total"], ISHIGAMI_TOTAL, atol=0.06)


def test_pawn_of_a_model_agrees_with_what_is_published(done):
    """Pianosi and Wagener (2018), Ishigami with a = 2, b = 1, 500 runs, medians over ten slices: 0.5, 0.16, 0.29, off a
    figure. The medians of single samples scatter by some hundredths: so the mean of five."""
    equations = ISHIGAMI.replace("7 * SIN", "2 * SIN").replace("0.1 * x3", "1 * x3")
    found = []
    for seed in range(5):
        text = f'[method]\nname = "pawn"\nsize = 500\nseed = {seed}\nslices = 10\nresamples = 20\n{FEATURE}'
        found.append(done(equations, text, f"pawn{seed}").results["pawn"].sel(scenario="model", feature="Y"))
    np.testing.assert_allclose(np.mean(found, axis=0), [0.5, 0.16, 0.29], atol=0.03)


def test_morris_of_a_model_holds_the_closed_form(done):
    """On the four levels |4 u - 2| is 2, 2/3, 2/3, 2: a step of 2/3 changes a factor by 2 / (1 + a) up or down, and the
    others are (4/3 + a) / (1 + a) in the mean."""
    groups = "".join(f'"g{i}" = ["u[i{i}]"]\n' for i in range(1, 7))
    text = f'[method]\nname = "morris"\nsize = 400\nconfidence = 0.99\n[groups]\n{groups}\n{FEATURE}'
    found = done(G, text).results.sel(scenario="model", feature="Y")
    a = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])
    others = (4 / 3 + a) / (1 + a)
    low, high = found["absolute_effect_interval"].values.T
    true = 2 / (1 + a) * np.prod(others) / others
    assert ((low <= true) & (true <= high)).all()
    assert (np.abs(found["effect"]) < 4 * found["effect_deviation"] / np.sqrt(400)).all()


def test_morris_of_the_function_of_its_paper_as_a_model(done):
    """Morris (1991), section 5: inputs 1 to 10 matter, 11 to 20 do not; 8 to 10 linearly, with slopes of 40 over the
    range. Coefficients that the paper leaves to chance are standard normal."""
    random = np.random.default_rng(5)
    one = [*[20.0] * 10, *random.normal(size=10)]
    two = random.normal(size=(20, 20))
    two[:6, :6] = -15
    names = [f"x{n}" for n in range(1, 21)]
    equations = "".join(f"{name} = 0.5 ~ [0, 1] ~ |\n" for name in names)
    for n, name in enumerate(names):
        bent = n in (2, 4, 6)
        equations += f"w{n} = 2 * ({f'1.1 * {name} / ({name} + 0.1)' if bent else name} - 0.5) ~ ~ |\n"
    terms = [f"({one[i]:.17g}) * w{i}" for i in range(20)]
    terms += [f"({two[i, j]:.17g}) * w{i} * w{j}" for i in range(20) for j in range(i + 1, 20)]
    terms += [
        f"(-10) * w{i} * w{j} * w{k}" for i in range(5) for j in range(i + 1, 5) for k in range(j + 1, 5)
    ]
    terms += ["5 * w0 * w1 * w2 * w3"]
    parts = [" + ".join(terms[n : n + 40]) for n in range(0, len(terms), 40)]
    equations += "".join(f"Part {n} = {part} ~ ~ |\n" for n, part in enumerate(parts))
    equations += f"Y = INTEG({' + '.join(f'Part {n}' for n in range(len(parts)))}, 0) ~ ~ |\n"
    found = done(equations, f'[method]\nname = "morris"\nsize = 60\n{FEATURE}').results
    found = found.sel(scenario="model", feature="Y")
    effect, deviation = found["absolute_effect"].values, found["effect_deviation"].values
    assert effect[:10].min() > 1.5 * effect[10:].max()
    np.testing.assert_allclose(found["effect"].values[7:10], 40, atol=6)
    assert deviation[:7].min() > deviation[7:10].max()


def test_dgsm_of_a_model_takes_the_slopes_from_the_tangent(done):
    """Mean squares 7.7, 24.5, 11 (Sobol' and Kucherenko 2009), in quantiles times (2 pi)^2."""
    text = f'[method]\nname = "dgsm"\nsize = 256\n{FEATURE}'
    found = done(ISHIGAMI, text).results.sel(scenario="model", feature="Y")
    np.testing.assert_allclose(found["mean_square"] / (2 * np.pi) ** 2, [7.7, 24.5, 11.0], rtol=0.05)
    assert (found["total_bound"] > ISHIGAMI_TOTAL).all()


def test_indices_over_time(done):
    """The stock is a straight line in time: its indices are those of the flow at every time but the first."""
    text = '[method]\nname = "sobol"\nsize = 1024\n[series]\nvariables = ["Y"]\n'
    found = done(ISHIGAMI, text).results.sel(scenario="model", series="Y")
    assert np.isnan(found["total_over_time"].isel(time=0)).all()
    np.testing.assert_allclose(found["total_over_time"].isel(time=1), ISHIGAMI_TOTAL, atol=0.03)
    assert found["bands"].dims == ("time", "quantile")


CORNER = """
a = 1 ~ [0, 1] ~ |
b = 1 ~ [0, 1] ~ |
c = 1 ~ [0, 1] ~ |
Flow = IF THEN ELSE(a < 0.2 :AND: b < 0.25, 1 / (INTEGER(c * 0.5)), a + c) ~ ~ |
Y = INTEG(Flow, 0) ~ ~ |
"""
METHODS = {
    "sobol": 'name = "sobol"\nsize = 256',
    "morris": 'name = "morris"\nsize = 200',
    "efast": 'name = "efast"\nsize = 129\ncurves = 8',
    "pawn and delta": 'name = ["pawn", "delta"]\nsize = 1000',
    "dgsm": 'name = "dgsm"\nsize = 64',
    "tornado": 'name = "tornado"',
}
INDICES = ("first", "total", "absolute_effect", "pawn", "delta", "total_bound", "swing")


@pytest.mark.parametrize("name", METHODS)
def test_no_number_without_the_failures(tmp_path, opened, name):
    """A division by zero in a corner: every method counts the runs, says where, and computes from finite numbers or not at all."""
    path = tmp_path / "study.toml"
    path.write_text(f"[method]\n{METHODS[name]}\n{FEATURE}", encoding="utf-8")
    study = read_study(path, opened(CORNER))
    runs = run_study(study.plan(), tmp_path / "runs")
    for policy in ("refuse", "drop", "restrict"):
        check_gate(analyse(runs, replace(study, policy=policy)), name, policy)


def check_gate(analysis, name, policy):
    broken = (analysis.values[:, 0] < 0.2) & (analysis.values[:, 1] < 0.25)
    gate = analysis.gates["model", "Y"]
    assert analysis.n_failed == {"model": broken.sum()}
    assert (gate.n_failed, gate.n_runs) == (broken.sum(), len(broken))
    np.testing.assert_array_equal(np.isfinite(analysis.y["model", "Y"]), ~broken)
    computed = [analysis.results[word] for word in INDICES if word in analysis.results]
    if name == "tornado":  # never in the corner
        assert not broken.any() and computed
        return
    found = set(np.flatnonzero(gate.where.restricted).tolist())
    assert found <= {0, 1} and found
    if name not in ("morris", "dgsm"):  # four levels, or a few failures, are too coarse for a whole corner
        assert found == {0, 1}
    assert not (gate.keep & broken).any()
    if policy == "refuse" or (policy == "restrict" and name == "efast"):
        assert gate.refusal and not gate.keep.any()
    if gate.refusal:
        assert not computed
        return
    assert 0 < gate.n_kept < gate.n_blocks
    for array in computed:
        values = array.sel(scenario="model", feature="Y").values
        assert np.isfinite(values).all()
        assert np.argsort(values)[0] == 1  # b does nothing where the model works


def test_an_end_that_fails_costs_its_own_bar_only(done):
    equations = """
    a = 0.5 ~ [0, 1] ~ |
    b = 0.5 ~ [0, 1] ~ |
    Flow = 1 / a + b ~ ~ |
    Y = INTEG(Flow, 0) ~ ~ |
    """
    text = f'[method]\nname = "tornado"\n[failed]\npolicy = "drop"\n{FEATURE}'
    found = done(equations, text).results.sel(scenario="model", feature="Y")
    assert np.isnan(found["at_low"].values).tolist() == [True, False]
    assert found["at_high"].values.tolist() == [1.5, 3.0] and float(found["at_low"][1]) == 2.0
    assert np.isnan(found["swing"].values).tolist() == [True, False]
    refused = done(equations, text.replace("drop", "refuse"), "again")
    assert "swing" not in refused.results


def test_the_silent_zeros_of_salib_do_not_get_through(done):
    """What SALib 1.6 makes of one not-a-number: zeros, or nothing at all, without a word."""
    from SALib.analyze import sobol as salib

    text = f'[method]\nname = "sobol"\nsize = 64\n{FEATURE}'
    analysis = done(CORNER, text)
    theirs = salib.analyze(
        {"num_vars": 3, "names": [*"abc"]}, analysis.y["model", "Y"], calc_second_order=False, num_resamples=2
    )
    assert not (theirs["ST"] > 0.01).any()
    assert "total" not in analysis.results and analysis.gates["model", "Y"].refusal


def test_a_crossing_that_never_comes_is_not_a_number_for_indices(done):
    text = '[method]\nname = "sobol"\nsize = 256\n[features."When"]\nvariable = "Y"\nstatistic = "crossing"\nlevel = 3\n'
    analysis = done(ISHIGAMI, text, "never")
    gate = analysis.gates["model", "When"]
    assert analysis.n_failed == {"model": 0} and gate.n_failed > 100 and gate.refusal
    analysis = done(ISHIGAMI, text + "never = 2\n", "counted")
    assert analysis.gates["model", "When"].n_failed == 0
    assert np.isfinite(analysis.results["total"]).all()


def test_an_extended_study_is_analysed_with_all_its_runs(tmp_path, opened):
    path = tmp_path / "study.toml"
    path.write_text(f'[method]\nname = "sobol"\nsize = 128\n{FEATURE}', encoding="utf-8")
    study = read_study(path, opened(ISHIGAMI))
    run_study(study.plan(), tmp_path / "runs")
    runs = run_study(study, tmp_path / "runs", times=4)
    assert analyse(runs, study).n_runs == 4 * 128 * 5
