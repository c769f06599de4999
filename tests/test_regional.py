"""The regional model: engines agree, numerics do not matter, and the reference modes of the theory come out.

PySD runs the same file as a witness; its runtime is used nowhere else.
"""

import shutil
import warnings

import numpy as np
import pytest
import xarray as xr

import capdyn
from capdyn.lang.names import key
from capdyn.run.scenario import resolve
from capdyn.run.simulate import fill
from equations import REGIONAL

GENERATIONS = ("first_generation", "second_generation", "third_generation")


def moving(model: capdyn.Model) -> list[str]:
    """Variables with a value for each time."""
    return [
        s.variable for s in model.system.symbols.values() if s.variable and s.kind in ("state", "auxiliary")
    ]


def worst(a: np.ndarray, b: np.ndarray) -> float:
    """Largest relative difference; zero against zero is none."""
    scale = np.maximum(abs(a), abs(b))
    return float(np.max(np.divide(abs(a - b), scale, out=np.zeros_like(scale), where=scale > 0), initial=0.0))


def worst_of_path(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference relative to each element's largest value along the first axis, time, as in `capdyn check`:
    where a gain passes through zero, a quotient of two noughts says nothing."""
    scale = np.maximum(abs(a), abs(b)).max(axis=0)
    return float(np.max(np.divide(abs(a - b), scale, out=np.zeros_like(a), where=scale > 0), initial=0.0))


@pytest.fixture(scope="module")
def baseline(regional):
    return capdyn.simulate(regional, "baseline")


@pytest.fixture(scope="module")
def third(regional):
    return capdyn.simulate(regional, "third_generation")


def innovation(run: xr.Dataset, region: str = "Home") -> xr.DataArray:
    return run["Relative capability"].sel({"Region": region, "Capability kind": "innovation"})


class TestVocabulary:
    """Names that studies, cases and checks rely on (theory: section 1), over the ranges that they have there."""

    NAMES = (
        "Capability[Region,Size,Capability kind]", "Relative capability[Region,Capability kind]",
        "Learning capability[Region]", "Technological effort[Region,Size,Effort]", "Firms[Region,Size]",
        "Employment[Region]", "Sales[Region,Channel]", "Market share[Region,Channel]",
        "Channel access[Region,Channel]", "Value added per worker[Region]", "Unit cost[Region]", "Quality[Region]",
        "Attitude to change[Region]", "Novelty of local knowledge[Region]", "Skill pool[Region]",
        "Specialised suppliers[Region]", "Trust[Region]", "Joint action[Region]", "External linkages[Region]",
        "Congestion[Region]", "Labour standard[Region]", "Technology adoption[Region,Size]", "Dependence[Region]",
        "Public outlay[Region]", "Support effectiveness[Region]",
    )  # fmt: skip
    SWITCHES = (
        "Mechanism strength[Mechanism,Effort]", "Lever intensity[Lever,Region]", "Lever start[Lever]",
        "Lever stop[Lever]", "Generation switch[Generation]", "Demand shock size[Channel]", "Demand shock time",
        "Demand shock duration", "Requirement shock", "Requirement shock start", "Trade opening",
        "Trade opening start", "Import protection", "Import protection start", "Environmental regulation",
        "Environmental regulation start",
    )  # fmt: skip
    OFF = ("Lever intensity", "Demand shock size", "Requirement shock", "Trade opening", "Import protection",
           "Environmental regulation", "Foreign competition", "Equipment price rise", "Credit squeeze",
           "Income squeeze", "Demand boom size", "Obligation to buy", "Devaluation")  # fmt: skip

    @staticmethod
    def written(run, name):
        """A name with its ranges, as it is in a result."""
        base = name.split("[")[0]
        dims = [str(dim) for dim in run[base].dims if dim != "time"]
        return base + (f"[{','.join(dims)}]" if dims else "")

    def test_outputs_are_live(self, baseline):
        assert [self.written(baseline, name) for name in self.NAMES] == list(self.NAMES)
        assert all("time" in baseline[name.split("[")[0]].dims for name in self.NAMES)

    def test_switches_are_constants(self, baseline):
        assert [self.written(baseline, name) for name in self.SWITCHES] == list(self.SWITCHES)
        assert not any("time" in baseline[name.split("[")[0]].dims for name in self.SWITCHES)

    def test_policy_and_shocks_are_off_by_default(self, baseline):
        assert {name for name in self.OFF if (baseline[name] != 0).any()} == set()


class TestEngines:
    def test_pysd_agrees(self, regional, tmp_path):
        """Euler by PySD and by capdyn, the scenario that moves most: every variable, every saved time, 1e-9.

        At four times the shipped step, since PySD needs half a minute even so.
        """
        import pysd

        shutil.copy(REGIONAL / "model.mdl", tmp_path / "model.mdl")
        settings = resolve(regional.system, "third_generation", regional.folder, None, None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            witness = pysd.read_vensim(str(tmp_path / "model.mdl"))
            given = {
                regional.system.symbols[key].variable: self.labelled(regional, key, numbers)
                for key, numbers in settings.parameters.items()
            }
            found = witness.run(params=given, time_step=0.5, return_columns=moving(regional))
        own = capdyn.simulate(regional, "third_generation", method="euler", step=0.5)
        np.testing.assert_allclose(found.index, own["time"], rtol=1e-12)
        differences = {}
        for name in moving(regional):
            columns = [c for c in found.columns if c == name or c.startswith(f"{name}[")]
            differences[name] = worst(
                found[columns].to_numpy(dtype=float), own[name].values.reshape(len(found), -1)
            )
        assert len(differences) > 100
        assert {name: d for name, d in differences.items() if d > 1e-9} == {}

    @staticmethod
    def labelled(model, key, numbers):
        symbol = model.system.symbols[key]
        if not symbol.shape:
            return float(numbers)
        coords = {dim: list(elements) for dim, elements in zip(symbol.dims, symbol.elements, strict=True)}
        return xr.DataArray(np.reshape(numbers, symbol.shape), coords, symbol.dims)

    def test_interpreter_agrees(self, regional):
        """Right-hand side and outputs at states along a run, interpreted and compiled: 1e-12."""
        run = capdyn.simulate(regional, "third_generation")
        kernel, slow = regional.engine(), regional.engine("interpret")
        layout = kernel.layout
        settings = resolve(regional.system, "third_generation", regional.folder, None, None)
        for i in (0, 7, 16, 40):
            time = float(run["time"][i])
            both = []
            for engine in (kernel, slow):
                values = engine.values()
                fill(engine, values, settings)
                engine.run("constants", values, 0.0, 0.0, 0.125)
                engine.run("initial", values, 0.0, 0.0, 0.125)
                for symbol in layout.system.of_kind("state"):
                    if symbol.variable:
                        values[list(layout.slots(symbol.name))] = (
                            run[symbol.variable].values[i].reshape(-1, 1)
                        )
                engine.run("flows", values, time, time, 0.125)
                engine.run("outputs", values, time, time, 0.125)
                both.append(values[: engine.layout.own, 0].copy())
            assert worst(*both) < 1e-12

    def test_twice_is_the_same(self, regional, third):
        again = capdyn.simulate(regional, "third_generation")
        assert all(np.array_equal(again[name], third[name]) for name in third.data_vars)

    def test_results_do_not_depend_on_earlier_calls(self, regional, baseline):
        capdyn.simulate(
            regional, "third_generation", parameters={"TIME STEP": 0.25}, initial={"Trust[Home]": 0.9}
        )
        again = capdyn.simulate(regional, "baseline")
        assert all(np.array_equal(again[name], baseline[name]) for name in baseline.data_vars)


class TestNumerics:
    @pytest.mark.parametrize("scenario", ["baseline", *GENERATIONS])
    def test_lsoda_agrees_with_rk4_at_the_shipped_step(self, regional, scenario):
        fixed = capdyn.simulate(regional, scenario, method="rk4")
        adaptive = capdyn.simulate(regional, scenario, method="lsoda", rtol=1e-8)
        differences = {
            name: worst_of_path(fixed[name].values, adaptive[name].values) for name in moving(regional)
        }
        assert {name: d for name, d in differences.items() if d > 1e-4} == {}

    @pytest.mark.parametrize("scenario", ["baseline", *GENERATIONS, "exit_small", "exit_large"])
    def test_nothing_becomes_negative_that_cannot_be(self, regional, scenario):
        run = capdyn.simulate(regional, scenario)
        allowed = {}
        for name in moving(regional):
            limits = regional.source.variables[key(name)].limits
            if limits[0] is not None and limits[0] >= 0 and float(run[name].min()) < 0:
                allowed[name] = float(run[name].min())
        assert allowed == {}
        stocks = [s.variable for s in regional.system.of_kind("state") if s.variable]
        assert {name: float(run[name].min()) for name in stocks if float(run[name].min()) < 0} == {}


VARIED = "Track record time"
VALUES = np.linspace(1.0, 6.0, 1000)
KEPT = ("Relative capability", "Employment", "Trust")
SHORT = {"inherits": "third_generation", "time": {"final": 10}}


def members_of(model, values, **options):
    return capdyn.ensemble(model, {VARIED: values}, SHORT, KEPT, **options)


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in KEPT)


@pytest.fixture(scope="module")
def members(regional):
    return members_of(regional, VALUES, threads=1)


class TestEnsemble:
    """A thousand members with one parameter varied: bitwise the same, however they are run."""

    def test_all_ran_and_differ(self, members):
        assert members.sizes["member"] == 1000
        assert (members["status"] == 0).all()
        assert float(members["Trust"].std("member").max()) > 0

    def test_two_threads(self, regional, members):
        assert same(members_of(regional, VALUES, threads=2), members)

    def test_reversed(self, regional, members):
        assert same(members_of(regional, VALUES[::-1]).isel(member=slice(None, None, -1)), members)

    @pytest.mark.parametrize("lanes", [1, 2, 4, 8])
    def test_lanes(self, regional, members, lanes):
        assert same(members_of(regional, VALUES[:100], lanes=lanes), members.isel(member=slice(100)))

    def test_each_member_alone(self, regional, members):
        different = [
            i
            for i in range(0, len(VALUES), 3)
            if not same(members_of(regional, [VALUES[i]]), members.isel(member=[i]))
        ]
        assert different == []

    def test_a_member_is_what_simulate_gives(self, regional, members):
        single = capdyn.simulate(regional, SHORT, {VARIED: VALUES[137]}, outputs=KEPT)
        assert all(np.array_equal(single[name], members[name][137]) for name in KEPT)


class TestReferenceModes:
    """What the theory says must come out, of the same equations (theory: shapes 1-8, 11 and 12)."""

    def test_isolated_home_locks_in(self, baseline):
        """Innovation capability stays at about a fiftieth of the frontier for forty years."""
        path = innovation(baseline)
        assert float(path.max()) < 0.04
        assert float(path[-1]) > 0.005

    def test_third_generation_takes_off_and_goes_on(self, regional, third):
        """Past a threshold within about fifteen years, and on the rise after support has ended."""
        path = innovation(third)
        settings = resolve(regional.system, "third_generation", regional.folder, None, None)
        stop = float(
            np.max(settings.parameters["lever stop"][settings.parameters["lever intensity"].sum(axis=1) > 0])
        )
        at_stop, at_end = float(path.interp(time=stop)), float(path[-1])
        assert stop <= 20
        assert at_stop > 5 * float(path[0])
        assert at_end > 1.5 * at_stop

    def test_production_comes_before_innovation(self, third):
        home = third["Relative capability"].sel(Region="Home")

        def crossing(kind):
            path = home.sel({"Capability kind": kind})
            half = (path.values[0] + path.values[-1]) / 2
            return float(path["time"][int((path.values > half).argmax())])

        assert crossing("production") < crossing("innovation")

    def test_supply_without_demand_is_weak(self, regional, third):
        first = capdyn.simulate(regional, "first_generation")
        assert float(innovation(first)[-1]) < 0.25 * float(innovation(third)[-1])

    def test_equal_outlay(self, regional):
        outlays = [
            float(capdyn.simulate(regional, s)["Public outlay"].sel(Region="Home")[-1]) for s in GENERATIONS
        ]
        assert min(outlays) > 0
        assert max(outlays) / min(outlays) < 1.005

    def test_support_that_ends_at_year_15_ends_either_way_by_its_size(self, regional, baseline):
        """The small package lifts production capability and the cluster falls back; the large one carries on."""
        small, large = (
            capdyn.simulate(regional, {"inherits": s, "time": {"final": 60}})
            for s in ("exit_small", "exit_large")
        )
        for run in (small, large):
            assert (run["Lever strength"].sel(Region="Home", time=slice(15.01, None)) == 0).all()
        here = {"Region": "Home", "Capability kind": "production"}
        small_path, base_path = (run["Relative capability"].sel(here) for run in (small, baseline))
        assert float(small_path.interp(time=15)) > 1.2 * float(base_path.interp(time=15))
        assert float(small_path[-1]) < 0.8 * float(small_path.max())
        assert float(innovation(small)[-1]) < 0.04
        assert float(innovation(large)[-1]) > 5 * float(innovation(large).interp(time=15))

    def test_without_mechanisms_innovation_stays(self, regional):
        """Capability itself; relative to the frontier it falls as the frontier moves on."""
        run = capdyn.simulate(regional, "baseline", {"Mechanism strength": 0})
        path = run["Regional capability"].sel({"Region": "Home", "Capability kind": "innovation"})
        path = path.sel(time=slice(0, 20))
        assert float(abs(path / path[0] - 1).max()) < 0.05

    @pytest.mark.parametrize("scenario", GENERATIONS)
    def test_without_demand_for_improvement_nothing_is_learned(self, regional, scenario):
        """No effort and no learning, whatever the support."""
        run = capdyn.simulate(regional, scenario, {"Demand for improvement": 0})
        assert (run["Technological effort"] == 0).all()
        assert (run["Learning"] == 0).all()

    def test_each_cell_that_does_not_exist_changes_nothing(self, regional, third):
        """Strength in the empty cells of Table 1 has no effect: 32 cells exist and no more."""
        exists = third["Mechanism exists"].values
        assert exists.sum() == 32
        off = capdyn.simulate(regional, "third_generation", {"Mechanism strength": exists})
        assert np.array_equal(innovation(off), innovation(third))
