"""What a notebook shows; IPython is a stand-in with the two functions that are asked of it."""

import io
import sys
from types import ModuleType, SimpleNamespace

import pytest

import capdyn
from capdyn.report.figures import new_figure
from capdyn.run import notebook
from equations import mdl


@pytest.fixture
def shown(monkeypatch):
    """Texts and HTML of each display, and of each change of one."""
    found = []

    def display(content, raw, display_id):
        assert raw and display_id
        found.append([content])
        return SimpleNamespace(update=lambda content, raw: found[-1].append(content))

    ipython, shows = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    shows.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shows)
    monkeypatch.setattr(notebook, "_EVERY", 0.0)
    return found


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "model.mdl"
    path.write_text(mdl("Rate = 0.1 ~ 1/Year [0,1] ~ |\nLevel = INTEG(Rate, 0)"), "utf-8")
    given = {"inputs": {"Rate": {"low": 0.2, "high": 0.4, "why": "a < b"}},
             "features": {"End": {"variable": "Level"}}, "method": {"size": 8}}  # fmt: skip
    return capdyn.read_study(given, capdyn.open_model(path))


def test_a_study_shows_one_line_that_changes(shown, study, tmp_path, capsys):
    runs = capdyn.run_study(study, tmp_path / "runs", batch=2)
    assert len(shown) == 1 and len(shown[0]) == 5
    first, last = shown[0][0], shown[0][-1]
    assert first["text/plain"].startswith("0 of 8 runs")
    assert last["text/plain"].startswith("8 of 8 runs (all)")
    assert last["text/html"].startswith('<progress value="8" max="8"></progress> 8 of 8 runs (all)')
    capdyn.analyse(runs, study)
    assert shown[1][-1]["text/plain"] == "analysis: 1 of 1"
    assert capsys.readouterr() == ("", "")
    capdyn.run_study(study, tmp_path / "others", tell=lambda progress: None)
    assert len(shown) == 2


def test_the_line_changes_now_and_then_and_at_the_end(shown, monkeypatch):
    monkeypatch.setattr(notebook, "_EVERY", 60.0)
    tell = notebook.listener(None)
    for number in range(11):
        tell(number, 10, "steps")
    assert [content["text/plain"] for content in shown[0]] == ["steps: 0 of 10", "steps: 10 of 10"]


def test_elsewhere_nobody_is_told(study, tmp_path, capsys, monkeypatch):
    capdyn.run_study(study, tmp_path / "runs")
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace()  # IPython on a terminal has no kernel
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    capdyn.run_study(study, tmp_path / "others")
    assert capsys.readouterr() == ("", "")


def test_objects_are_tables(study, tmp_path):
    found = study._repr_html_()
    assert "<td style" in found and "uniform, 0.2 to 0.4" in found and "a &lt; b" in found
    assert "1 stocks" in study.model._repr_html_()
    analysis = capdyn.analyse(capdyn.run_study(study, tmp_path / "runs"), study)
    assert "<li>All runs stayed finite.</li>" in analysis._repr_html_()
    many = notebook.html_table("t", [], ["a"], [[str(n)] for n in range(50)])
    assert many.count("<tr>") == 41 and many.endswith("<div>... and 10 more</div>")


def test_figures_are_pictures():
    from PIL import Image

    content, size = new_figure(72.0, 36.0)._repr_png_()
    assert size == {"width": 96, "height": 48}
    assert Image.open(io.BytesIO(content)).width >= 96
