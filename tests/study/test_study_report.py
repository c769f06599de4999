"""What a study says in words and shows in figures."""

import json
import re

import pytest

import capdyn
from capdyn.report.study_page import write_study_report
from capdyn.study.analyse import analyse
from capdyn.study.publish import publish
from capdyn.study.read import read_study
from capdyn.study.run import run_study
from equations import mdl

EQUATIONS = """
a = 1 ~ dollar/Year [0, 1] ~ |
b = 1 ~ [0, 1] ~ |
c = 0 ~ [0, 4] ~ three steps |
d = 1 ~ [0, 1] ~ |
Flow = IF THEN ELSE(a < 0.2 :AND: b < 0.25, 1 / (INTEGER(a)), a + c) ~ dollar/Year ~ |
Y = INTEG(Flow, 0) ~ dollar ~ |
"""
REST = """
[inputs]
"a" = {}
"b" = {}
"c" = { distribution = "discrete", values = [0, 1, 4], why = "Three kinds." }
"d" = {}
[failed]
policy = "drop"
[features."Y at the end"]
variable = "Y"
better = "high"
[features."When 5"]
variable = "Y"
statistic = "crossing"
level = 5
[outcomes."Large"]
feature = "Y at the end"
above = 10
[series]
variables = ["Y"]
[classes]
variable = "Y"
level = 5
"""
METHODS = {
    "sobol": 'name = "sobol"\nsize = 128',
    "given": 'name = "pawn"\nsize = 400\nresamples = 20',
    "morris": 'name = "morris"\nsize = 100',
    "tornado": 'name = "tornado"',
}
FIGURES = {
    "sobol": {
        "failures",
        "total",
        "convergence",
        "scatter",
        "time",
        "fan",
        "spread",
        "box",
        "map",
        "peeling",
    },
    "given": {
        "failures",
        "pawn",
        "convergence",
        "scatter",
        "time",
        "fan",
        "spread",
        "box",
        "map",
        "peeling",
    },
    "morris": {"failures", "absolute", "plane", "scatter", "time", "convergence"},
    "tornado": {"tornado"},
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """What each method publishes, by name."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "model.mdl").write_text(mdl(EQUATIONS, final_time=5), encoding="utf-8")
    model = capdyn.open_model(folder / "model.mdl")
    found = {}
    for name, method in METHODS.items():
        (folder / "s.toml").write_text(f"title = '{name} <b>'\n[method]\n{method}\n{REST}", encoding="utf-8")
        study = read_study(folder / "s.toml", model)
        found[name] = publish(analyse(run_study(study, folder / name), study))
    return found


@pytest.mark.parametrize("name", METHODS)
def test_the_page_stands_alone_and_shows_what_there_is(published, tmp_path, name):
    page = write_study_report(published[name], tmp_path / "out").read_text(encoding="utf-8")
    assert "<script" not in page and not re.search(r'(src|href)="(?!#|data:)', page)
    assert "&lt;b&gt;" in page and "<b>" not in page
    drawn = {path.stem.split("-")[0] for path in (tmp_path / "out" / "figures").glob("*.svg")}
    assert drawn == FIGURES[name]
    ids = re.findall(r'<svg id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == page.count("<figure")


def test_the_same_results_give_the_same_page_also_from_disk(published, tmp_path):
    first = write_study_report(published["tornado"], tmp_path / "a").read_bytes()
    capdyn.save(published["tornado"], tmp_path / "results.nc")
    assert write_study_report(capdyn.load(tmp_path / "results.nc"), tmp_path / "b").read_bytes() == first


def test_the_words_tell_runs_failures_and_what_matters(published):
    words = json.loads(published["sobol"].attrs["words"])
    assert words["runs"][0] == "768 runs of 'model': 4 inputs, saltelli, seed 0."
    failed = int(published["sobol"]["n_failed"].sum())
    assert words["failures"][0].startswith(f"In 'model' {failed} of 768 runs")
    assert "First not finite: Flow." in words["failures"][0]
    both = next(sentence for sentence in words["failures"] if sentence.startswith("'Y at the end'"))
    assert re.search(r"lie where a is below 0\.[12]\d* dollar/Year and b is below 0\.[23]\d* ", both)
    assert "Policy 'drop':" in both
    assert any("because what is asked for never happened" in sentence for sentence in words["failures"])
    (end,) = [sentence for sentence in words["indices"] if sentence.startswith("'Y at the end'")]
    assert "largest total shares of the variance: c 0.9" in end
    (large,) = [sentence for sentence in words["events"] if sentence.startswith("'Large'")]
    assert "lie where c is 4; there it happens in 100 % of runs" in large


def test_a_refused_study_has_no_indices_but_says_why(tmp_path):
    (tmp_path / "model.mdl").write_text(mdl(EQUATIONS, final_time=5), encoding="utf-8")
    text = f"[method]\n{METHODS['sobol']}\n{REST}".replace('policy = "drop"', 'policy = "refuse"')
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    study = read_study(tmp_path / "s.toml", capdyn.open_model(tmp_path / "model.mdl"))
    results = publish(analyse(run_study(study, tmp_path / "runs"), study))
    assert not {"total", "total_over_time", "bands", "quantiles"} & set(results.data_vars)
    words = json.loads(results.attrs["words"])
    assert not words["indices"] and any(
        "Nothing is computed: the study refuses" in s for s in words["failures"]
    )
    assert all("no run counts" in sentence for sentence in words["events"])
    write_study_report(results, tmp_path / "out")
