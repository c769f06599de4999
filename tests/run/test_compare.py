"""Comparing runs: two Datasets, two folders, or a run with a table from Vensim."""

import numpy as np
import pytest
import xarray as xr

import capdyn
from capdyn.run.store import RunFolder, save
from capdyn.run.table import to_csv


def a_run(
    scenario: str = "baseline", trust=(0.5, 0.4, 0.3), times=(0.0, 1.0, 2.0), **variables
) -> xr.Dataset:
    """Trust in two regions, Core's being twice Home's, and a constant."""
    both = np.stack([trust, 2 * np.asarray(trust, dtype=float)], axis=1)
    return xr.Dataset(
        {"Trust": (("time", "Region"), both), "Decay": 0.1, **variables},
        {"time": list(times), "Region": ["Home", "Core"]},
        {"scenario": scenario},
    )


class TestNumbers:
    def test_a_run_equals_itself(self):
        found = capdyn.compare(a_run(), a_run())
        assert [(d.variable, d.relative, d.ok) for d in found] == [("Trust", 0, True), ("Decay", 0, True)]

    def test_the_worst_place_and_time_of_each_variable(self):
        other = a_run()
        other["Trust"].loc[{"Region": "Core", "time": 1}] *= 1.1
        other["Trust"].loc[{"Region": "Home", "time": 2}] *= 1.01
        worst = capdyn.compare(a_run(), other)[0]
        assert (worst.variable, worst.where, worst.time) == ("Trust", ("Core",), 1.0)
        assert (worst.a, worst.b) == (0.8, pytest.approx(0.88))
        assert worst.relative == pytest.approx(0.08 / 0.88)
        assert not worst.ok

    def test_worst_variable_first(self):
        other = a_run(trust=(0.5, 0.4, 0.30003)).assign(Decay=0.2)
        assert [d.variable for d in capdyn.compare(a_run(), other)] == ["Decay", "Trust"]

    @pytest.mark.parametrize("a, b, relative", [
        (1.0, 1.0, 0.0),
        (1.0, 2.0, 0.5),
        (-1.0, 1.0, 2.0),
        (0.0, 1e-3, 1.0),
        (0.0, 1e-13, 0.0),              # below atol
        (0.0, 2e-12, 1.0),
        (np.nan, np.nan, 0.0),
        (np.nan, 1.0, np.inf),
        (1.0, np.inf, np.inf),
        (np.inf, np.inf, 0.0),
        (-np.inf, np.inf, np.inf),
        (1e308, -1e308, np.inf),        # the distance itself is beyond the largest number
    ])  # fmt: skip
    def test_relative_difference(self, a, b, relative):
        (found,) = capdyn.compare(xr.Dataset({"x": ("time", [a])}, {"time": [0.0]}),
                                  xr.Dataset({"x": ("time", [b])}, {"time": [0.0]}))  # fmt: skip
        assert found.relative == relative
        assert found.ok == (relative <= 1e-6)

    @pytest.mark.parametrize("rtol, ok", [(1.001e-3, True), (0.999e-3, False)])
    def test_tolerance(self, rtol, ok):
        (found, _) = capdyn.compare(a_run(), a_run(trust=(0.5, 0.4, 0.3 / 0.999)), rtol=rtol)
        assert found.ok is ok

    def test_no_tolerance_at_all(self):
        other = a_run(trust=(0.5, 0.4, np.nextafter(0.3, 1)))
        assert not capdyn.compare(a_run(), other, rtol=0, atol=0)[0].ok
        assert all(d.ok for d in capdyn.compare(a_run(), a_run(), rtol=0, atol=0))


class TestPairs:
    def test_constants_have_no_time(self):
        found = capdyn.compare(a_run(), a_run().assign(Decay=0.2))[0]
        assert (found.variable, found.a, found.b) == ("Decay", 0.1, 0.2)
        assert np.isnan(found.time)

    def test_names_are_compared_as_vensim_does(self):
        renamed = a_run().rename(Trust="TRUST").assign_coords(Region=["home", "core"])
        assert [d.missing for d in capdyn.compare(a_run(), renamed)] == ["", ""]

    def test_variables_of_one_side_are_listed_last(self):
        a, b = a_run(Sales=("time", [1.0, 2.0, 3.0])), a_run(Jobs=("time", [1.0, 2.0, 3.0]))
        found = [(d.variable, d.missing, d.ok) for d in capdyn.compare(a, b)]
        assert found == [("Trust", "", True), ("Decay", "", True), ("Sales", "b", True), ("Jobs", "a", True)]

    def test_only_times_of_both(self):
        late = a_run(trust=(0.4, 0.3, 9.0), times=(1.0 + 1e-12, 2.0, 3.0))
        assert all(d.ok for d in capdyn.compare(a_run(), late))

    def test_scenarios_by_name(self):
        a = [a_run("x"), a_run("y", trust=(1, 1, 1))]
        b = [a_run("y", trust=(1, 1, 2)), a_run("z")]
        found = capdyn.compare(a, b)
        assert {d.scenario for d in found} == {"y"}
        assert (found[0].a, found[0].b) == (1, 2)

    def test_one_run_on_each_side_whatever_it_is_called(self):
        assert all(d.ok for d in capdyn.compare(a_run("x"), a_run("y")))

    @pytest.mark.parametrize("a, b, message", [
        ([a_run("x"), a_run("y")], a_run("z"), "The two have no scenario in common: x, y; z. "
         "To compare two single runs, name their NetCDF files."),
        (a_run(), a_run().rename(Trust="Sales").drop_vars("Decay"), "The two have no variable in common: "
         "Trust[Home], Trust[Core], Decay; Sales[Home], Sales[Core]. "
         "Columns are named as variables: Name or Name[Element,Element]."),
        (a_run(), a_run(times=(5.0, 6.0, 7.0)), "The two have no time in common: 3 from 0 to 2; 3 from 5 to 7. "
         "Save both at the same times: [time] saveper."),
        (a_run().expand_dims(member=[0, 1]), a_run(), "An ensemble does not fit into a table of runs. "
         "Select one member: dataset.isel(member=0)."),
    ], ids=["no scenario", "no variable", "no time", "ensemble"])  # fmt: skip
    def test_nothing_in_common(self, a, b, message):
        with pytest.raises(capdyn.ArgumentError) as caught:
            capdyn.compare(a, b)
        assert str(caught.value) == message


class TestFiles:
    def test_folder_netcdf_and_table_of_one_run(self, tmp_path):
        with RunFolder(tmp_path / "run") as folder:
            folder.add(a_run())
        save(a_run(), tmp_path / "run.nc")
        to_csv(a_run(), tmp_path / "run.csv")
        to_csv(a_run(), tmp_path / "run.tab")
        for path in ("run", "run.nc", "run.csv", "run.tab"):
            found = capdyn.compare(tmp_path / path, a_run(trust=(0.5, 0.4, 0.6)))
            assert (found[0].variable, found[0].ok, found[0].time) == ("Trust", False, 2.0)

    def test_constants_are_not_missed_in_a_table(self, tmp_path):
        to_csv(a_run(), tmp_path / "run.csv")
        assert [d.variable for d in capdyn.compare(a_run(), tmp_path / "run.csv")] == ["Trust"]

    def test_several_scenarios_in_a_table(self, tmp_path):
        runs = [a_run("x"), a_run("y", trust=(1, 1, 1))]
        to_csv(runs, tmp_path / "runs.csv")
        assert all(d.ok for d in capdyn.compare(runs, tmp_path / "runs.csv", rtol=0, atol=0))

    @pytest.mark.parametrize("text", [
        "Time\tTrust[Home]\ttrust[core]\n0\t0.5\t1\n1\t0.4\t0.8\n2\t0.3\t0.9\n",
        "Time (Year)\t0\t1\t2\nTrust[Home]\t0.5\t0.4\t0.3\nTrust[Core]\t1\t0.8\t0.9\n",
    ], ids=["times down", "times across"])  # fmt: skip
    def test_a_table_of_vensim(self, tmp_path, text):
        (tmp_path / "vensim.tab").write_text(text)
        (found,) = capdyn.compare(a_run(), tmp_path / "vensim.tab")
        assert (found.where, found.time, found.b) == (("Core",), 2.0, 0.9)
        assert not found.ok

    @pytest.mark.parametrize("text", [
        "Time\tDecay\tTrust[Home]\n0\t0.2\t0.5\n1\t\t0.4\n2\t\t0.3\n",
        "Time\t0\t1\t2\nDecay\t0.2\nTrust[Home]\t0.5\t0.4\t0.3\n",
    ], ids=["times down", "times across"])  # fmt: skip
    def test_a_constant_that_vensim_writes_once(self, tmp_path, text):
        (tmp_path / "vensim.tab").write_text(text)
        found = capdyn.compare(a_run(), tmp_path / "vensim.tab")
        assert [(d.variable, d.a, d.b) for d in found if not d.ok] == [("Decay", 0.1, 0.2)]

    def test_a_number_that_is_missing_later_is_a_difference(self, tmp_path):
        (tmp_path / "x.csv").write_text("Time,Trust[Home],Decay\n0,0.5,\n1,0.4,0.1\n2,,0.1\n")
        found = capdyn.compare(a_run(), tmp_path / "x.csv")
        assert {(d.variable, d.time) for d in found if not d.ok} == {("Trust", 2.0), ("Decay", 0.0)}

    def test_a_constant_of_the_model_in_a_column_of_the_table(self, tmp_path):
        (tmp_path / "x.csv").write_text("Time,Decay\n0,0.1\n1,0.1\n2,0.2\n")
        found = capdyn.compare(a_run(), tmp_path / "x.csv")[0]
        assert (found.variable, found.time, found.a, found.b) == ("Decay", 2.0, 0.1, 0.2)

    @pytest.mark.parametrize("name, message", [
        ("gone.nc", "There is no '{path}'. Give a run's folder, a NetCDF file, a table or a model."),
        ("gone.csv", "There is no '{path}'. Give a run's folder, a NetCDF file, a table or a model."),
    ])  # fmt: skip
    def test_not_there(self, tmp_path, name, message):
        with pytest.raises(capdyn.StoreError) as caught:
            capdyn.compare(a_run(), tmp_path / name)
        assert str(caught.value) == message.format(path=tmp_path / name)
