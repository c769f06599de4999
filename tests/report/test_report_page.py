"""The page: whole, self-contained, accessible, true to the data, and sane for any model."""

import base64
import csv
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from lxml import etree, html

from capdyn.errors import ArgumentError
from capdyn.report import choose_panels, combine, end_values, write_report

FEW = ["Trust", "Lever intensity", "Lever start", "Lever stop", "Lever generation"]


@pytest.fixture(scope="module")
def folder(four_runs, tmp_path_factory):
    return write_report(four_runs, tmp_path_factory.mktemp("report") / "run").parent


@pytest.fixture(scope="module")
def page(folder):
    return html.fromstring((folder / "report.html").read_text(encoding="utf-8"))


def parse(path):
    return html.fromstring(path.read_text(encoding="utf-8"))


def words(element):
    return " ".join(element.text_content().split())


def test_there_is_no_script_and_no_address_of_another_host(folder, page):
    assert page.xpath("//script") == []
    assert [name for e in page.iter() for name in e.attrib if name.lower().startswith("on")] == []
    loading = [
        v for e in page.iter() for k, v in e.attrib.items() if k in ("src", "href", "xlink:href", "srcset")
    ]
    assert loading and all(value.startswith(("#", "data:")) for value in loading)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "@import" not in text and not re.search(r"url\((?!#)", text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_sections_come_in_their_order(page):
    assert [words(h) for h in page.xpath("//h2")] == [
        "Scenarios",
        "In short",
        "Trajectories",
        "Relative capability by Region",
        "Levers",
        "End values",
        "Where these numbers come from",
    ]
    assert page.get("lang") == "en" and len(page.xpath("//h1")) == 1 and page.xpath("//title")


def test_every_figure_has_a_name_and_a_description(page):
    figures = page.xpath("//figure//svg")
    assert len(figures) == 14
    for svg in figures:
        title, description = svg.get("aria-labelledby").split()
        assert words(svg.get_element_by_id(title)) and words(svg.get_element_by_id(description))
        assert svg.get("role") == "img"


def test_descriptions_tell_the_end_values(page):
    trust = page.get_element_by_id("trust-desc").text
    assert "baseline 0.300" in trust and "conditional package 0.800" in trust


def test_ids_are_unique_and_references_resolve(page):
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    used = [
        value[1:]
        for e in page.iter()
        for k, value in e.attrib.items()
        if k.endswith("href") and value[0] == "#"
    ]
    used += [name for value in page.xpath("//@clip-path") for name in re.findall(r"#([^)]+)", value)]
    assert used and set(used) <= set(ids)


def test_tables_have_scopes_and_captions(page):
    for table in page.xpath("//table"):
        assert words(table.find("caption"))
        assert all(th.get("scope") in ("row", "col") for th in table.iter("th"))


def test_the_table_holds_the_data(page, four_runs):
    ds = combine(four_runs)
    expected = end_values(ds, choose_panels(ds))
    rows = page.xpath("//table[@class='ends']/tbody/tr")
    assert len(rows) == len(expected.rows)
    heads = [words(th) for th in page.xpath("//table[@class='ends']/thead//th")]
    assert heads == ["Output", "Unit", *expected.scenarios]
    for tr, row in zip(rows, expected.rows, strict=True):
        assert [float(data.get("value")) for data in tr.iter("data")] == list(row.values)
        assert [words(data) for data in tr.iter("data")] == [row.scale.write(value) for value in row.values]
        differences = [words(span) for span in tr.find_class("difference")]
        assert differences == [row.scale.write(value, sign=True) for value in row.differences[1:]]


def test_the_head_says_why_and_which_levers(page):
    scenarios = {words(div.find("dt")): words(div.find("dd")) for div in page.xpath("//dl/div")}
    assert next(iter(scenarios)) == "baseline" and scenarios["baseline"].endswith("Levers: none.")
    assert scenarios["supply push"] == (
        "Do equipment and institutes help when nobody asks for them? Levers: infrastructure (0.5, 2 to 30); "
        "hardware credit (1, 5 to 15); supply push institutes (0.8, 5 to 40)."
    )


def test_provenance_and_scenario_texts_are_there(page, four_runs):
    rows = {
        words(tr.find("th")): words(tr.find("td")) for tr in page.xpath("//table[@class='provenance']//tr")
    }
    assert rows["Model hash"] == "3f0c9a7e" and rows["Versions"] == "capdyn 0.1.0, numpy 2.4"
    texts = [pre.text for pre in page.xpath("//details/pre")]
    assert sorted(text.strip() for text in texts) == sorted(
        r.attrs["scenario_text"].strip() for r in four_runs
    )


def test_each_figure_is_a_png_and_an_svg_beside_the_page(folder, page):
    slugs = [svg.get("id") for svg in page.xpath("//figure//svg")]
    files = sorted(path.name for path in (folder / "figures").iterdir())
    assert files == sorted(f"{slug}.{ending}" for slug in slugs for ending in ("png", "svg"))
    for path in (folder / "figures").iterdir():
        if path.suffix == ".svg":
            assert etree.parse(str(path)).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        else:
            assert path.read_bytes().startswith(b"\x89PNG")


def test_the_table_is_saved_as_csv(folder, page):
    text = (folder / "end-values.csv").read_text(encoding="utf-8")
    assert len(list(csv.reader(text.splitlines()))) == 1 + 12 * 4
    link = page.xpath("//a[@download]")[0].get("href")
    assert base64.b64decode(link.split("base64,")[1]).decode() == text


def test_the_same_runs_give_the_same_bytes(folder, four_runs, tmp_path):
    again = write_report(four_runs, tmp_path / "again").parent
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert paths == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert [p for p in paths if (folder / p).read_bytes() != (again / p).read_bytes()] == []


def small(run, *names):
    """A run with few variables, so that the page is quick."""
    return run[[*FEW, *names]]


def test_other_files_stay_and_nothing_temporary_is_left(make_run, tmp_path):
    (tmp_path / "figures").mkdir()
    for name in ("run.toml", "figures/mine.png"):
        (tmp_path / name).write_text("mine")
    write_report([small(make_run())], tmp_path)
    assert (tmp_path / "run.toml").read_text() == (tmp_path / "figures" / "mine.png").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "end-values.csv",
        "figures",
        "report.html",
        "run.toml",
    ]


def test_a_failure_half_way_leaves_the_old_page(make_run, tmp_path):
    (tmp_path / "report.html").write_text("old")

    def stop(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_report([small(make_run())], tmp_path, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "old"


def test_progress_counts_the_figures(make_plain_run, tmp_path):
    seen = []
    write_report([make_plain_run(variables=2)], tmp_path, progress=lambda *step: seen.append(step))
    assert seen == [(1, 2, "figure quantity-1"), (2, 2, "figure quantity-0")]


def test_a_folder_that_cannot_be_made_is_an_os_error(make_plain_run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        write_report([make_plain_run(variables=1)], tmp_path / "file" / "run")


def test_no_runs_is_an_error_and_writes_nothing(tmp_path):
    with pytest.raises(ArgumentError):
        write_report([], tmp_path / "new")
    assert not (tmp_path / "new").exists()


def odd_runs(case: str, make_run, make_plain_run) -> list[xr.Dataset]:
    """The runs of the edge cases, by name."""
    if case == "one scenario":
        return [small(make_run("conditional_package"), "Relative capability")]
    if case == "no levers":
        names = ("baseline", "supply_push")
        return [make_run(n)[["Trust", "Sales"]].assign_attrs(scenario_text="") for n in names]
    if case == "no regions":
        return [make_run().sel(Region="Home", drop=True)[["Relative capability", "Employment"]]]
    if case == "a single time":
        return [small(make_run()).isel(time=[0])]
    if case == "no time":
        return [small(make_run()).isel(time=0)]
    if case == "constant and missing":
        run = small(make_run(), "Relative capability")
        run["Trust"][:] = 0.3
        run["Relative capability"][10:] = np.nan
        return [run]
    if case == "long names":
        long = "A name that goes on and on " * 8
        return [make_plain_run(long + end, variables=1).rename({"Quantity 0": long}) for end in ("a", "b")]
    if case == "a dozen":
        return [small(make_run(f"scenario {i}", push=i / 11)) for i in range(12)]
    if case == "other time axes":
        return [small(make_run()), small(make_run("supply_push", final=20, saveper=0.25))]
    if case == "other models":
        return [make_plain_run(variables=2), small(make_run("supply_push"))]
    if case == "no attributes":
        return [xr.Dataset({"x": ("time", [1.0, 2.0])}, coords={"time": [0, 1]})]
    return [xr.Dataset({"c": ((), 3.0), "name": ((), "text")}, coords={"time": [0.0]})]


CASES = [
    "one scenario",
    "no levers",
    "no regions",
    "a single time",
    "no time",
    "constant and missing",
    "long names",
    "a dozen",
    "other time axes",
    "other models",
    "no attributes",
    "nothing to draw",
]


@pytest.mark.parametrize("case", CASES)
def test_odd_runs_give_a_sane_page(case, make_run, make_plain_run, tmp_path):
    runs = odd_runs(case, make_run, make_plain_run)
    page = parse(write_report(runs, tmp_path))
    text = words(page.body)
    assert not re.search(r"\bnan\b|\binf\b|None|Undefined|&lt;", text.lower().replace("none.", ""))
    assert len(page.xpath("//dl/div")) == len(runs)
    drawn = page.xpath("//figure//svg")
    assert bool(drawn) == (case not in ("nothing to draw", "no time"))
    assert len(list((tmp_path / "figures").iterdir())) == 2 * len(drawn)
    has_levers = any("Lever intensity" in run for run in runs)
    assert ("Levers" in [words(h) for h in page.xpath("//h2")]) == has_levers


def test_a_title_is_text_not_markup(make_plain_run, tmp_path):
    page = parse(write_report([make_plain_run("<i>x</i>", variables=1)], tmp_path, title="A & <b>B</b>"))
    assert words(page.xpath("//h1")[0]) == "A & <b>B</b>"
    assert page.xpath("//b") == page.xpath("//i") == []


def test_the_templates_are_in_the_package():
    import capdyn.report

    folder = Path(capdyn.report.__file__).parent / "templates"
    pages = ["ablations", "evidence", "figure", "report", "study"]
    names = sorted(["evidence.css", "report.css", *(f"{page}.html.j2" for page in pages)])
    assert sorted(path.name for path in folder.iterdir()) == names
