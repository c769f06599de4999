"""Figures: what is drawn is what the runs say, labels stay apart, the bytes are always the same."""

import itertools

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from capdyn.report import choose_grid, choose_panels, combine, lever_timeline, small_multiples, trajectory
from capdyn.report.figures import ticks_of, value_limits
from capdyn.report.quantities import scale_of
from capdyn.report.style import COLOURS, DASHES, line_of, to_png, to_svg


def drawn_texts(figure):
    """Words written on the figure and its axes, with their box in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label]
    shown = [text for text in texts if text.get_text()]
    return [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in shown]


def overlaps(a, b):
    """Whether words on the same height are less than 8 pixels apart: they would read as one."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) > -8 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1


def lines_of(axes):
    return [line for line in axes.lines if line.get_marker() in ("None", None, "")]


def test_each_scenario_is_a_line_with_its_own_values(four_runs):
    ds = combine(four_runs)
    panel = next(p for p in choose_panels(ds) if p.variable == "Trust")
    axes = trajectory(ds, panel).axes[0]
    drawn = lines_of(axes)
    assert len(drawn) == 4
    for line, name in zip(drawn, ds["scenario"].values, strict=True):
        expected = ds["Trust"].sel(scenario=name, Region="Home").values
        np.testing.assert_array_equal(line.get_ydata(), expected)


def test_runs_with_other_time_axes_are_drawn_on_their_own_times(make_run):
    ds = combine([make_run(), make_run("supply_push", final=25, saveper=0.5)])
    first, second = lines_of(trajectory(ds, choose_panels(ds)[0]).axes[0])
    assert len(first.get_xdata()) == 41 and len(second.get_xdata()) == 51
    assert np.isfinite(first.get_ydata()).all() and np.isfinite(second.get_ydata()).all()


@pytest.mark.parametrize("number", [1, 2, 4, 12])
def test_words_do_not_overlap_and_stay_in_the_figure(make_run, number):
    runs = [make_run(f"a scenario with a long name {i}", push=0.5 + i * 1e-4) for i in range(number)]
    ds = combine(runs)
    panels = choose_panels(ds)
    for figure in (
        trajectory(ds, panels[0]),
        trajectory(ds, panels[5]),
        trajectory(ds, panels[-1]),  # all at the bottom: no outlay
        small_multiples(ds, choose_grid(ds, panels)),
    ):
        width, height = figure.get_size_inches() * figure.dpi
        texts = drawn_texts(figure)
        assert not [(a, b) for (a, p), (b, q) in itertools.combinations(texts, 2) if overlaps(p, q)]
        for text, box in texts:
            assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, text


@pytest.mark.parametrize(
    "values",
    [
        [[0.3, 0.3, 0.3]],
        [[0.0, 0.0, 0.0]],
        [[-5.0, -5.0, -5.0]],
        [[np.nan, 1.0, np.nan]],
        [[np.nan, np.nan, np.nan]],
        [[1.0, np.inf, 2.0], [1e12, -1e12, 0.0]],
        [[1.0, 1.0 + 1e-15, 1.0]],
        [[1e-300, 2e-300, 0.0]],
    ],
    ids=["constant", "zero", "negative", "one point", "nothing", "infinite", "rounding", "tiny"],
)
def test_odd_series_give_a_figure(values):
    runs = [
        xr.Dataset({"Level": ("time", row)}, coords={"time": [0.0, 1.0, 2.0]}, attrs={"scenario": f"s{i}"})
        for i, row in enumerate(values)
    ]
    ds = combine(runs)
    panel = choose_panels(ds)[0]
    assert to_png(trajectory(ds, panel)).startswith(b"\x89PNG")


def test_a_point_alone_is_drawn_as_a_point():
    run = xr.Dataset({"Level": ("time", [np.nan, 1.0, np.nan])}, coords={"time": [0.0, 1.0, 2.0]})
    axes = trajectory(ds := combine([run]), choose_panels(ds)[0]).axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in points] == [[1.0]]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([0.2, 0.8], 0, (0.8, 0.9)), ([0.9, 1.0], (0.8, 0.9), (1.0, 1.1)), ([-4, -1], (-5, -4), 0)],
)
def test_the_vertical_axis_begins_at_zero_where_zero_is_near(values, low, high):
    for bound, expected in zip(value_limits(xr.DataArray(np.array(values, float))), (low, high), strict=True):
        if isinstance(expected, tuple):
            assert expected[0] < bound < expected[1]
        else:
            assert bound == expected


def test_ticks_are_in_the_unit_that_is_written():
    positions, words = ticks_of((0.0, 10.5e6), scale_of([10.5e6], "dollar"))
    assert positions == [0, 2.5e6, 5e6, 7.5e6, 10e6]
    assert words == ["0.0", "2.5", "5.0", "7.5", "10.0"]


def test_every_scenario_of_a_dozen_differs_in_colour_and_dash_together():
    looks = {(line_of(i).colour, line_of(i).dash) for i in range(len(COLOURS) * len(DASHES))}
    assert len(looks) == len(COLOURS) * len(DASHES)
    assert len({line_of(i).dash for i in range(len(DASHES))}) == len(DASHES)


@pytest.mark.parametrize("number", range(len(COLOURS)))
def test_words_in_a_scenarios_colour_can_be_read_on_white(number):
    """Contrast of at least 4.5 : 1 (WCAG 2.1, 1.4.3)."""
    ink = line_of(number).ink
    parts = [int(ink[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_bars_reach_from_start_to_stop_and_are_as_high_as_the_intensity(make_run):
    policy = {"infrastructure": (1.0, 2, 30), "network_broker": (0.5, 5, 20)}
    axes = lever_timeline(combine([make_run("x", policy=policy)])).axes[0]
    boxes = [collection.get_paths()[0].get_extents() for collection in axes.collections]
    assert [(box.x0, box.x1) for box in boxes] == [(2, 30), (5, 20)]
    assert boxes[1].height == pytest.approx(boxes[0].height / 2)


def test_levers_stand_under_their_generation(four_runs):
    words = [text for text, _ in drawn_texts(lever_timeline(combine(four_runs)))]
    order = ["First generation", "infrastructure", "Second generation", "network broker", "Third generation"]
    assert [word for word in words if word in order] == order


def test_levers_without_generations_have_no_headings(make_run):
    run = make_run("supply_push").drop_vars("Lever generation")
    words = [text for text, _ in drawn_texts(lever_timeline(combine([run])))]
    assert "infrastructure" in words and not [word for word in words if "generation" in word]


def test_a_figure_does_not_depend_on_the_users_settings(four_runs):
    ds = combine(four_runs)
    panel = choose_panels(ds)[0]
    plain = to_svg(trajectory(ds, panel), "a", "A", "B")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert to_svg(trajectory(ds, panel), "a", "A", "B") == plain


def test_names_with_dollars_brackets_and_other_scripts_are_written_as_they_are():
    name = "Cost $x$ <a> & Ёлка 能力"
    run = xr.Dataset({name: ("time", [1.0, 2.0])}, coords={"time": [0.0, 1.0]}, attrs={"scenario": "$s_1$"})
    ds = combine([run])
    figure = trajectory(ds, choose_panels(ds)[0])
    assert to_png(figure)
    svg = to_svg(figure, "odd", name, "x < y")
    assert "Cost $x$ &lt;a&gt; &amp; Ёлка 能力" in svg and "x &lt; y" in svg
