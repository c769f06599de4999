"""Pages of evidence and ablations: what stands in them, and that they need nothing from elsewhere."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.evidence.ablate import ablate
from capdyn.evidence.judge import judge
from capdyn.report.evidence import write_ablations, write_evidence
from capdyn.report.evidence_figures import FALLS, fact_figure, matrix_figure


def call(*arguments: str):
    return CliRunner().invoke(app, list(arguments), prog_name="capdyn")


@pytest.fixture
def page(folder, tmp_path):
    """The page of evidence after a name with signs that HTML knows."""
    text = (
        (folder / "evidence.toml")
        .read_text()
        .replace('"Nothing here interacts."', '"Nothing <here> & there."')
    )
    (folder / "evidence.toml").write_text(text)
    done = call("evidence", str(folder), "--html", str(tmp_path / "page.html"))
    assert done.exit_code == 1
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_every_fact_stands_in_the_page_with_its_figure(page, small):
    for verdict in judge(small):
        assert f'id="fact-row-{verdict.fact.id}"' in page
        assert (f'<svg id="fact-{verdict.fact.id}"' in page) is bool(verdict.traces)
        assert verdict.fact.expected.replace(">", "&gt;").replace("<", "&lt;") in page
    assert "Nothing &lt;here&gt; &amp; there." in page and "<here>" not in page
    assert "8 facts: 5 hold (5 of them predictions), 2 fail as known, 1 fails." in page
    assert "No run went to its end." in page


def test_pages_are_alone_and_ids_are_single(page):
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_figure_has_a_line_for_each_run_and_element_and_what_is_asked(small):
    facts = {verdict.fact.id: verdict.plain() for verdict in judge(small)}
    (axes,) = fact_figure(facts["mobility"]).axes
    np.testing.assert_allclose([line.get_ydata()[-1] for line in axes.lines], [15, 12])
    (axes,) = fact_figure(facts["wrong"]).axes
    level, trace = axes.lines
    assert set(level.get_ydata()) == {0} and list(trace.get_ydata()) == [-3, -2, -1, 0, 1]
    words = [text.get_text() for text in fact_figure(facts["order"]).texts]
    assert words[1:] == ["Home", "Core"]


def test_the_matrix_fills_a_cell_for_each_fact_that_falls(small):
    found = ablate(small).plain()
    (axes,) = matrix_figure(found).axes
    _, falling, _ = axes.patches
    assert falling.get_facecolor()[:3] == pytest.approx([int(FALLS[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    corners = falling.get_path().vertices.reshape(-1, 5, 2)[:, 0]
    cells = {(int(y), int(x)) for x, y in corners}
    expected = {
        (r, c)
        for r, effect in enumerate(found["ablations"])
        for c, fact in enumerate(found["facts"])
        if fact["id"] in effect["falls"]
    }
    assert cells == expected and len(expected) == 7


def test_the_page_of_ablations(folder, tmp_path):
    done = call("ablate", str(folder), "--html", str(tmp_path / "page.html"))
    assert done.exit_code == 1
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "−50.0 %" in text and "Level[Home] at 4, cases/valley" in text
    assert "Left out, since they fail with everything on: order, wrong, breaks." in text
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)


def test_nothing_to_draw(small, tmp_path):
    """All facts fail: no columns."""
    found = ablate(small).plain() | {"facts": []}
    write_ablations(found, "small", ["Nothing."], tmp_path / "page.html")
    assert "No fact holds with everything on" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written(small, tmp_path):
    with pytest.raises(capdyn.StoreError, match="cannot be written"):
        write_evidence([], "small", [], tmp_path / "nowhere" / "page.html")
