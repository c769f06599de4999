"""From runs to what is shown: combining, choosing, numbers as words, tables, sentences."""

import csv
import io
import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from capdyn.errors import ArgumentError
from capdyn.report import choose_grid, choose_panels, combine, end_values
from capdyn.report.labels import spread
from capdyn.report.levers import lever_list, lever_uses
from capdyn.report.quantities import scale_of, unit_words, wrap_all, write_time
from capdyn.report.summary import cautions, first_crossing, headline, summarise
from capdyn.report.tables import to_csv


def series(name="x", values=(1.0, 2.0), times=None, dims=("time",), **attrs):
    """The smallest run: one variable over time."""
    times = list(range(len(values))) if times is None else times
    data = {"Level": (dims, np.asarray(values, dtype=float))}
    return xr.Dataset(data, coords={"time": times}, attrs={"scenario": name, **attrs})


# Combining ------------------------------------------------------------------------------------------


def test_the_run_named_baseline_is_the_reference(four_runs):
    assert list(combine(four_runs)["scenario"].values) == [
        "baseline",
        "supply push",
        "network broker only",
        "conditional package",
    ]


def test_without_a_baseline_the_first_run_is_the_reference():
    assert combine([series("b"), series("a")])["scenario"].values[0] == "b"


def test_times_are_the_union_and_each_run_remembers_its_own():
    ds = combine([series("a", (1, 2, 3), [0, 1, 2]), series("b", (1, 5), [0, 0.5])])
    assert list(ds["time"].values) == [0, 0.5, 1, 2]
    assert ds["saved"].values.tolist() == [[True, False, True, True], [True, True, False, False]]
    assert ds["Level"].sel(scenario="b", time=0.5) == 5
    assert np.isnan(ds["Level"].sel(scenario="b", time=2))


def test_equal_and_missing_names_are_told_apart():
    runs = [series("a"), series("a"), series("").assign_attrs(scenario="")]
    assert list(combine(runs)["scenario"].values) == ["a", "a (2)", "run 3"]


def test_a_dataset_of_several_scenarios_counts_as_its_runs():
    both = xr.concat([series("a"), series("b", (3, 4))], dim=xr.Variable("scenario", ["a", "baseline"]))
    ds = combine([both])
    assert list(ds["scenario"].values) == ["baseline", "a"]
    assert ds["Level"].values.tolist() == [[3, 4], [1, 2]]


def test_a_variable_that_only_one_run_has_is_missing_in_the_other():
    more = series("b").assign(Extra=("time", [7.0, 8.0]))
    ds = combine([series("a"), more])
    assert ds["Extra"].sel(scenario="b").values.tolist() == [7, 8]
    assert np.isnan(ds["Extra"].sel(scenario="a").values).all()


def test_why_comes_from_the_scenario_text_and_a_damaged_text_is_no_obstacle():
    runs = [series("a", scenario_text='why = "Because."'), series("b", scenario_text="why = [")]
    assert list(combine(runs)["why"].values) == ["Because.", ""]


@pytest.mark.parametrize("runs", [[], [series().expand_dims(member=[0, 1])]], ids=["none", "ensemble"])
def test_what_cannot_be_compared_is_refused(runs):
    with pytest.raises(ArgumentError):
        combine(runs)


def test_inputs_are_not_changed(make_run):
    run = make_run()
    before = run.copy(deep=True)
    combine([run, make_run("supply_push")])
    xr.testing.assert_identical(run, before)


# Choosing -------------------------------------------------------------------------------------------


def test_the_main_outputs_are_shown_in_the_order_of_the_table(four_runs):
    panels = choose_panels(combine(four_runs))
    assert [panel.title for panel in panels] == [
        "Relative capability: investment",
        "Relative capability: production",
        "Relative capability: innovation",
        "Employment",
        "Exports' share of sales",
        "Value added per worker",
        "Trust",
        "Joint action",
        "Novelty of local knowledge",
        "Attitude to change",
        "External linkages",
        "Public outlay, cumulative",
    ]
    assert {panel.place for panel in panels} == {"Home"}


def test_exports_share_is_that_of_the_channels_named_export(make_run):
    run = make_run("conditional_package")
    ds = combine([run])
    panel = next(p for p in choose_panels(ds) if p.share)
    sales = run["Sales"].sel(Region="Home")
    expected = sales.sel(Channel=["export bulk", "export quality"]).sum("Channel") / sales.sum("Channel")
    np.testing.assert_allclose(panel.values(ds).values[0], expected.values, rtol=1e-14)


def test_a_share_of_no_sales_is_missing_not_zero(make_run):
    run = make_run()
    run["Sales"][:3] = 0
    ds = combine([run])
    panel = next(p for p in choose_panels(ds) if p.share)
    assert np.isnan(panel.values(ds).values[0, :3]).all()
    assert np.isfinite(panel.values(ds).values[0, 3:]).all()


def test_another_model_shows_its_stocks_first_then_fewest_subscripts(make_plain_run):
    panels = choose_panels(combine([make_plain_run(regions=2, variables=4)]))
    assert [panel.title for panel in panels] == [
        "Quantity 1",
        "Quantity 3",
        "Stock by place: place 0",
        "Stock by place: place 1",
        "Quantity 0",
        "Quantity 2",
    ]


def test_at_most_twelve_variables_and_three_elements_of_each(make_plain_run):
    panels = choose_panels(combine([make_plain_run(regions=50, variables=30)]))
    assert len(panels) == len({panel.variable for panel in panels}) == 12
    panels = choose_panels(combine([make_plain_run(regions=50, variables=3)]))
    assert len([panel for panel in panels if panel.variable == "Stock by place"]) == 3


def test_file_names_of_panels_differ():
    run = series().assign({"Level (a)": ("time", [1.0, 2.0]), "level a": ("time", [1.0, 2.0])})
    slugs = [panel.slug for panel in choose_panels(combine([run]))]
    assert sorted(slugs) == ["level", "level-a", "level-a-2"]


def test_the_first_region_is_home_where_none_has_that_name(make_run):
    ds = combine([make_run().assign_coords(Region=["North", "South", "East"])])
    assert {panel.place for panel in choose_panels(ds)} == {"North"}


def test_the_grid_has_regions_in_columns_and_capabilities_in_rows(four_runs):
    ds = combine(four_runs)
    grid = choose_grid(ds, choose_panels(ds))
    assert grid.columns == ("Home", "Neighbour", "Core")
    assert [label for label, _ in grid.rows] == ["investment", "production", "innovation"]
    core = grid.rows[2][1][2].values(ds).sel(scenario="supply push").values
    expected = ds["Relative capability"].sel(
        {"scenario": "supply push", "Region": "Core", "Capability kind": "innovation"}
    )
    np.testing.assert_array_equal(core, expected.values)


@pytest.mark.parametrize("regions", [0, 1])
def test_no_grid_without_two_elements(make_plain_run, regions):
    ds = combine([make_plain_run(regions=regions)])
    assert choose_grid(ds, choose_panels(ds)) is None


# Levers ---------------------------------------------------------------------------------------------


def test_levers_come_in_the_order_of_generations_with_their_times(four_runs):
    uses = lever_uses(combine(four_runs))
    assert [use.generation for use in uses] == ["first"] * 3 + ["second"] * 3 + ["third"] * 3
    broker = [use for use in uses if use.lever == "network_broker"]
    assert [(use.scenario, use.intensity, use.start, use.stop) for use in broker] == [
        (2, 0.6, 5, 20),
        (3, 0.6, 5, 20),
    ]


def test_a_lever_beyond_the_run_or_switched_off_with_its_generation_is_not_pulled(make_run):
    policy = {"infrastructure": (1, 50, 60), "network_broker": (1, 5, 90), "external_nexus": (1, 5, 9)}
    run = make_run("x", policy=policy)
    run["Generation switch"] = ("Generation", [1.0, 1.0, 0.0])
    assert [(use.lever, use.stop) for use in lever_uses(combine([run]))] == [("network_broker", 40)]


def test_a_lever_of_another_region_says_so(make_run):
    run = make_run()
    run["Lever intensity"].loc[{"Lever": "external_nexus", "Region": "Core"}] = 0.5
    (use,) = lever_uses(combine([run]))
    assert (use.region, use.setting()) == ("Core", "0.5, 0 to 40 in Core")


def test_levers_that_are_set_alike_are_named_together(make_run):
    policy = {"infrastructure": (1, 0, 9), "network_broker": (0.5, 0, 9), "external_nexus": (1, 0, 9)}
    ds = combine([make_run("x", policy=policy), make_run("y", policy={})])
    uses = lever_uses(ds)
    assert (
        lever_list(uses, 0) == "infrastructure and external nexus (1, 0 to 9); network broker (0.5, 0 to 9)"
    )
    assert lever_list(uses, 1) == "none"


def test_levers_are_read_from_the_text_if_the_model_does_not_tell():
    text = "[levers.a_b]\nintensity = 0.4\nstart = 0.5\n[levers.off]\nintensity = 0\n[levers]\nodd = 1"
    uses = lever_uses(combine([series("x", (1, 2, 3))]), [text.replace("\n[levers]\nodd = 1", "")])
    assert [(use.lever, use.intensity, use.start, use.stop) for use in uses] == [("a_b", 0.4, 0.5, 2)]


# Numbers and words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "units", "value", "sign", "expected"),
    [
        ([0.417], "Dmnl", 0.417, False, "0.417 index"),
        ([5633.2, 12537], "person", 5633.2, False, "5,633 person"),
        ([250_000.0], "person", 250_000.0, False, "250 thousand person"),
        ([10.52e6, 0], "dollar", 10.52e6, True, "+10.5 million dollar"),
        ([10.52e6, 0], "Million dollar", 10.52e6, False, "10,520,000 Million dollar"),
        ([3e9], "dollar/Year", -3e9, True, "−3.00 billion dollar per Year"),
        ([2.0e-7], "", 2.0e-7, False, "2.00e−07 index"),
        ([1.0], "", -0.001, True, "0.00 index"),
        ([math.nan], "", math.nan, True, "n/a index"),
        ([], "", 0.0, False, "0.00 index"),
    ],
)
def test_numbers_are_written_with_three_digits_and_a_magnitude(values, units, value, sign, expected):
    scale = scale_of(values, units)
    assert f"{scale.write(value, sign)} {scale.unit}" == expected


@pytest.mark.parametrize(
    ("units", "note", "expected"),
    [
        ("dollar/(person*Year)", "", "dollar per (person × Year)"),
        ("Dmnl", "1 = frontier", "1 = frontier"),
        ("1", "", "index"),
        ("kg", "dry", "kg, dry"),
    ],
)
def test_units_are_words(units, note, expected):
    assert unit_words(units, note) == expected


@pytest.mark.parametrize(
    ("time", "expected"), [(20.0, "20"), (17.44, "17.4"), (-3.0, "−3"), (math.nan, "n/a"), (100.0, "100")]
)
def test_times_have_one_decimal_at_most(time, expected):
    assert write_time(time) == expected


def test_names_that_become_equal_when_cut_get_their_number():
    names = ["a rather long name that ends in one", "a rather long name that ends in two", "short"]
    wrapped = wrap_all(names, 12, lines=1)
    assert len(set(wrapped)) == 3
    assert wrapped[0].startswith("1: ") and wrapped[2] == "short"
    assert all(len(name) <= 12 for name in wrapped)


@given(
    st.lists(st.tuples(st.floats(-50, 250), st.floats(8, 24)), min_size=1, max_size=12),
)
@settings(max_examples=100, deadline=None)
def test_labels_never_overlap_and_stay_inside(boxes):
    wanted, heights = [w for w, _ in boxes], [h for _, h in boxes]
    low, high = 0.0, sum(heights) + 20
    centres = spread(wanted, heights, low, high)
    order = np.argsort(centres, kind="stable")
    bottoms = centres - np.array(heights) / 2
    tops = centres + np.array(heights) / 2
    assert (bottoms[order][1:] >= tops[order][:-1] - 1e-9).all()
    assert bottoms.min() >= low - 1e-9
    assert tops.max() <= high + 1e-9
    assert (np.diff(np.asarray(wanted)[order]) >= 0).all()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [([10, 50, 90], [10, 50, 90]), ([50, 50], [45, 55]), ([90, 48, 52], [90, 45, 55]), ([-30], [5])],
    ids=["apart", "equal", "order", "bounds"],
)
def test_labels_move_as_little_as_needed(wanted, expected):
    np.testing.assert_allclose(spread(wanted, [10] * len(wanted), 0, 100), expected)


# Tables ---------------------------------------------------------------------------------------------


def test_end_values_are_the_last_values_and_differences_are_from_the_reference(four_runs):
    ds = combine(four_runs)
    table = end_values(ds, choose_panels(ds))
    by_name = {run.attrs["scenario"].replace("_", " "): run for run in four_runs}
    assert table.time == 40 and table.same_end
    for row in table.rows:
        if row.panel.share:
            continue
        last = [float(by_name[n][row.panel.variable].sel(dict(row.panel.where))[-1]) for n in table.scenarios]
        assert list(row.values) == last
        assert list(row.differences) == [value - last[0] for value in last]


def test_runs_of_different_length_are_compared_at_the_last_common_time():
    ds = combine([series("a", (0, 10, 20), [0, 1, 2]), series("b", (0, 9), [0, 1.5])])
    table = end_values(ds, choose_panels(ds))
    assert table.time == 1.5 and not table.same_end
    assert table.rows[0].values == (15.0, 9.0)


def test_a_failed_run_has_no_end_value():
    ds = combine([series("a", (1, 2)), series("b", (1, math.inf))])
    row = end_values(ds, choose_panels(ds)).rows[0]
    assert row.values[0] == 2
    assert math.isnan(row.values[1]) and math.isnan(row.differences[1])
    assert row.scale.write(row.values[1]) == "n/a"


def test_the_csv_holds_the_numbers_in_full(four_runs):
    ds = combine(four_runs)
    table = end_values(ds, choose_panels(ds))
    lines = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert len(lines) == 12 * 4
    values = [value for row in table.rows for value in row.values]
    assert [float(line["value"]) for line in lines] == values


# Sentences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.05, 0.15, 0.3], 1.5),
        ([0.0, 0.2, 0.0, 0.2], 0.5),
        ([0.0, math.nan, 0.2, 0.3], 1.0),
        ([0.2, 0.0, 0.0, 0.0], -math.inf),
        ([0.0, 0.0, 0.0, 0.0], math.inf),
        ([math.nan] * 4, math.inf),
    ],
)
def test_the_first_crossing_is_interpolated(values, expected):
    assert first_crossing(np.arange(4.0), np.array(values), 0.1) == pytest.approx(expected)


def test_the_summary_follows_the_numbers(make_run):
    """Raise one run's innovation and the sentences about it change."""
    for factor, crossing in ((1.0, "does not reach one tenth"), (10.0, "is at or above one tenth")):
        run = make_run("baseline")
        run["Relative capability"].loc[{"Capability kind": "innovation"}] *= factor
        ds = combine([run])
        table = end_values(ds, choose_panels(ds))
        (summary,) = summarise(ds, table)
        assert crossing in " ".join(summary.sentences)
        assert f"innovation {0.02 * factor:.3f}" in summary.sentences[0].replace("0.0200", "0.020")


def test_the_headline_names_the_highest_and_the_lowest(four_runs, make_run):
    ds = combine(four_runs)
    told = headline(end_values(ds, choose_panels(ds)))
    assert "“conditional package” ends highest" in told and "“baseline” lowest" in told
    same = combine([make_run("a", push=0.5), make_run("b", push=0.5)])
    assert headline(end_values(same, choose_panels(same))).startswith("All 2 scenarios end with the same")
    one = combine([make_run()])
    assert headline(end_values(one, choose_panels(one))) == ""


def test_cautions_name_what_would_mislead(make_run):
    run = make_run("conditional_package", final=30)
    run["Trust"][20:] = np.nan
    ds = combine([make_run("baseline", policy={"infrastructure": (1, 0, 10)}), run])
    panels = choose_panels(ds)
    notes = cautions(ds, end_values(ds, panels), panels, ["a", "b"])
    assert [note.split(":")[0].split(";")[0] for note in notes] == [
        "The scenarios that spend do not spend the same",
        "The runs end at different times",
        "The runs come from different versions of the model or from different models.",
        "“conditional package” has no finite value of Trust at 11 of 31 times, first at time 20.",
    ]


def test_like_with_like_needs_no_caution(make_run):
    """Packages of equal outlay, and a reference that costs nothing."""
    policies = ({}, {"infrastructure": (1, 0, 9)}, {"network_broker": (0.5, 0, 18)})
    ds = combine([make_run(f"s{i}", push=0.5, policy=policy) for i, policy in enumerate(policies)])
    panels = choose_panels(ds)
    assert cautions(ds, end_values(ds, panels), panels, ["a"] * 3) == []
