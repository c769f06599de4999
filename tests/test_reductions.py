"""Known models inside the regional model: with everything else off by parameters, what is left equals a published one.

Nothing but the parameters of the scenario files in models/regional_capability/reductions, and starts, differs from the
model as shipped. The tolerance is 1e-6, chosen beforehand; the solver's is far below it, so that what is missed is
missed by the equations.
"""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import simpson, solve_ivp
from scipy.special import lambertw

import capdyn

TOLERANCE = 1e-6
SOLVER = {"rtol": 1e-10, "atol": 1e-13}
KINDS = ("investment", "production", "innovation")


def run(model: capdyn.Model, name: str, final: float | None = None, **options) -> xr.Dataset:
    """A reduction, for as long as it says or until `final`."""
    scenario = {"inherits": f"reductions/{name}", "time": {} if final is None else {"final": final}}
    return capdyn.simulate(model, scenario, **SOLVER, **options)


def ratio(result: xr.Dataset) -> np.ndarray:
    """Capability relative to the frontier; shape (times, regions, sizes, kinds)."""
    return (result["Capability"] / result["World frontier"]).transpose("time", ...).values


def by_kind(result: xr.Dataset, name: str) -> np.ndarray:
    return result[name].sel({"Capability kind": list(KINDS)}).values


def efforts_count(result: xr.Dataset) -> bool:
    """No effort so small that a quotient of efforts is taken for zero: absorption is complete throughout."""
    return float(result["Absorption"].min()) == 1.0


class TestBare:
    """What the reductions start from."""

    def test_capability_stands_still(self, regional):
        result = run(regional, "bare", final=40)
        assert (result["Capability"] == result["Capability"].isel(time=0)).all()

    def test_everyone_makes_some_effort(self, regional):
        assert float(run(regional, "bare", final=40)["Technological effort"].min()) > 1e-3


class TestNelsonPhelps:
    """Learning from a moving frontier at the constant rate phi: own / frontier goes to phi / (phi + g)."""

    def test_ends_at_rate_over_rate_and_growth(self, regional):
        result = run(regional, "nelson_phelps")
        phi, g = by_kind(result, "Learning speed"), float(result["Frontier growth"])
        assert len(set(phi)) == 3
        np.testing.assert_allclose(
            ratio(result)[-1], np.broadcast_to(phi / (phi + g), (3, 4, 3)), rtol=TOLERANCE
        )

    def test_whole_path(self, regional):
        """The ratio x obeys dx/dt = phi - (phi + g) x from every start."""
        result = run(regional, "nelson_phelps")
        phi, g = by_kind(result, "Learning speed"), float(result["Frontier growth"])
        found, end = ratio(result), phi / (phi + g)
        left = np.exp(-np.multiply.outer(result["time"].values, phi + g))[:, None, None, :]
        np.testing.assert_allclose(found, end + (found[0] - end) * left, rtol=TOLERANCE)
        assert efforts_count(result)

    @pytest.mark.parametrize("growth", [0.0, 0.005, 0.05])
    def test_other_growth_of_the_frontier(self, regional, growth):
        result = run(regional, "nelson_phelps", parameters={"Frontier growth": growth})
        phi = by_kind(result, "Learning speed")
        np.testing.assert_allclose(
            ratio(result)[-1], np.broadcast_to(phi / (phi + growth), (3, 4, 3)), rtol=TOLERANCE
        )


A, DELTA, B = 0.05, 1.0, 0.01
STABLE, THRESHOLD = (float(-DELTA * lambertw(-B / (A * DELTA), branch).real) for branch in (0, -1))


class TestVerspagen:
    """Gap damped by itself: dG/dt = b - a G exp(-G / delta) rests at -delta W(-b / (a delta)), on two branches."""

    @staticmethod
    def starting_at(regional, gaps, **options):
        """Gaps of twelve starts, three regions by four sizes; shape (times, 12)."""
        places = [
            (r, s) for r in ("Home", "Neighbour", "Core") for s in ("micro", "small", "medium", "large")
        ]
        initial = {
            f"Capability[{r},{s},*]": float(np.exp(-gap)) for (r, s), gap in zip(places, gaps, strict=True)
        }
        result = run(regional, "verspagen", initial=initial, **options)
        assert efforts_count(result)
        gap = result["Gap"].sel({"Capability kind": "production"}).transpose("time", "Region", "Size")
        return result["time"].values, gap.values.reshape(len(gap), 12)

    def test_settings_are_those_of_the_closed_form(self, regional):
        result = run(regional, "verspagen", final=1)
        speed = by_kind(result, "Learning speed") * float(result["Frontier knowledge"])
        assert (speed == A).all()
        assert float(result["Gap tolerance at start"]) == DELTA
        assert float(result["Frontier growth"]) == B
        assert (round(STABLE, 6), round(THRESHOLD, 6)) == (0.259171, 2.542641)

    @pytest.mark.parametrize("gap", [STABLE, THRESHOLD])
    def test_a_region_at_either_gap_stays(self, regional, gap):
        _, gaps = self.starting_at(regional, np.full(12, gap), final=200)
        np.testing.assert_allclose(gaps, gap, rtol=TOLERANCE)

    def test_starts_on_either_side_of_the_threshold_part(self, regional):
        """0.01 less and the region ends at the stable gap; 0.01 more and it falls behind, in the end as fast as b."""
        starts = np.tile([THRESHOLD - 0.01, THRESHOLD + 0.01], 6)
        stretches = [(np.array([0.0]), starts[None])]
        for _ in range(4):  # of 500 years, the longest that the model allows
            stretches.append(self.starting_at(regional, stretches[-1][1][-1]))
        times, gaps = stretches[-1][0], np.concatenate([gaps[1:] for _, gaps in stretches])
        assert (np.diff(gaps[:, 0::2], axis=0) <= 1e-9).all()
        np.testing.assert_allclose(gaps[-1, 0::2], STABLE, rtol=TOLERANCE)
        assert (np.diff(gaps[:, 1::2], axis=0) > 0).all()
        speed = (gaps[-1, 1::2] - gaps[-2, 1::2]) / (times[-1] - times[-2])
        assert (gaps[-1, 1::2] > 4 * THRESHOLD).all()
        np.testing.assert_allclose(speed, B, rtol=1e-3)

    def test_whole_paths(self, regional):
        """Against the one equation, solved by another method, from the start of a leader to that of a straggler."""
        starts = np.array(
            [0.05, 0.1, 0.2, STABLE, 0.5, 1, 2, THRESHOLD - 0.01, THRESHOLD, THRESHOLD + 0.01, 3, 5]
        )
        times, gaps = self.starting_at(regional, starts)
        one = solve_ivp(lambda _, gap: B - A * gap * np.exp(-gap / DELTA), (0, times[-1]), starts, "DOP853",
                        t_eval=times, rtol=1e-12, atol=1e-13)  # fmt: skip
        np.testing.assert_allclose(gaps, one.y.T, rtol=TOLERANCE)

    @pytest.mark.parametrize("delta", [0.8, 1.5, 2.0])
    def test_other_tolerance_of_the_gap(self, regional, delta):
        """From the stable gap that the closed form gives for this delta nobody moves."""
        gap = float(-delta * lambertw(-B / (A * delta)).real)
        _, gaps = self.starting_at(
            regional, np.full(12, gap), final=100, parameters={"Gap tolerance at start": delta}
        )
        np.testing.assert_allclose(gaps, gap, rtol=TOLERANCE)

    def test_a_frontier_too_fast_for_anyone(self, regional):
        """Above b = a delta / e there is no gap at rest: even the region at the frontier falls behind."""
        growth = 1.5 * A * DELTA / np.e
        _, gaps = self.starting_at(
            regional, np.full(12, 0.0), final=350, parameters={"Frontier growth": growth}
        )
        assert (np.diff(gaps, axis=0) > 0).all()
        assert (gaps[-1] > 5).all()


class TestBenhabibSpiegel:
    """Logistic absorption: own / frontier goes to (c + g_i - g_m) / c, or to 0."""

    # Own growth g_i, 1/Year: obsolescence takes, room at the frontier gives.
    CASES = (
        {},
        {"Base obsolescence": {"investment": 0.005, "production": 0.01, "innovation": 0.24}},
        {"Room at the frontier": 0.2},
        {"Room at the frontier": 0.1, "Base obsolescence": {"innovation": 0.265}},
    )

    @pytest.mark.parametrize("parameters", CASES)
    def test_whole_path_and_end(self, regional, parameters):
        """x obeys dx/dt = (c + g_i - g_m - c x) x, the logistic; where c + g_i < g_m it dies out."""
        result = run(regional, "benhabib_spiegel", parameters=parameters)
        assert efforts_count(result)
        c, g_m = by_kind(result, "Learning speed"), float(result["Frontier growth"])
        net = c + own_growth(result) - g_m
        assert (net > 0).any()
        assert (net < 0).any()
        found, times = ratio(result), result["time"].values
        growth = np.exp(np.multiply.outer(times, net))[:, None, None, :]
        with np.errstate(over="ignore", invalid="ignore"):
            path = net * found[0] / (net / growth + c * found[0] * (1 - 1 / growth))
        np.testing.assert_allclose(found, path, rtol=TOLERANCE)
        np.testing.assert_allclose(
            found[-1], np.broadcast_to(np.maximum(net, 0) / c, (3, 4, 3)), atol=TOLERANCE
        )


def own_growth(result: xr.Dataset) -> np.ndarray:
    """g_i of each kind of capability, 1/Year."""
    room = float(result["Room at the frontier"])
    return room * by_kind(result, "Learning speed") - by_kind(result, "Base obsolescence")


class TestWright:
    """Learning by doing: each doubling of cumulative output multiplies cost by the progress ratio."""

    @pytest.mark.parametrize("ratio", [0.8, 0.7, 0.95])
    def test_cost_times_progress_ratio_at_each_doubling(self, regional, ratio):
        result = run(regional, "wright", parameters={"Progress exponent": -float(np.log2(ratio))})
        output, cost = result["Cumulative output"].values, result["Unit cost"].values
        doublings = np.log2(output / output[0])
        assert (doublings[-1] > 2).all()
        np.testing.assert_allclose(cost, cost[0] * ratio**doublings, rtol=TOLERANCE)

    def test_shipped_exponent(self, regional):
        assert float(run(regional, "wright", final=1)["Progress exponent"]) == pytest.approx(
            0.32192809, abs=1e-8
        )

    def test_cumulative_output_is_what_was_sold(self, regional):
        """The integral of sales, by Simpson's rule over the saved times."""
        result = run(regional, "wright")
        made = result["Cumulative output"] - result["Cumulative output"].isel(time=0)
        sold = simpson(result["Total sales"].values, x=result["time"].values, axis=0)
        np.testing.assert_allclose(made.values[-1], sold, rtol=TOLERANCE)


class TestFirms:
    """Firms that come out of firms: the logistic, and with a minimum scale Allee's threshold. r = .2, n_c = 50, K = 500."""

    R, LEAST, ROOM = 0.2, 50.0, 500.0

    def test_logistic(self, regional):
        result = run(regional, "logistic")
        firms, times = result["Total firms"].values, result["time"].values[:, None]
        assert firms[0] == pytest.approx(10)
        path = self.ROOM / (1 + (self.ROOM / firms[0] - 1) * np.exp(-self.R * times))
        np.testing.assert_allclose(firms, path, rtol=TOLERANCE)
        np.testing.assert_allclose(firms[-1], self.ROOM, rtol=TOLERANCE)

    def test_below_the_minimum_scale_a_cluster_dissolves_and_above_it_fills_its_room(self, regional):
        firms = run(regional, "allee")["Total firms"].sel(Region=["Home", "Neighbour", "Core"]).values
        np.testing.assert_allclose(firms[0], [49, 51, 50])
        np.testing.assert_allclose(firms[-1], [0, self.ROOM, self.LEAST], rtol=TOLERANCE, atol=TOLERANCE)

    def test_whole_path_with_a_minimum_scale(self, regional):
        """Against the one equation, solved by another method."""
        result = run(regional, "allee")
        firms, times = result["Total firms"].values, result["time"].values

        def growth(_, n):
            return self.R * n * (1 - n / self.ROOM) * (n / self.LEAST - 1)

        one = solve_ivp(growth, (0, times[-1]), firms[0], "DOP853", t_eval=times, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(firms, one.y.T, rtol=TOLERANCE, atol=TOLERANCE)


class TestBass:
    """Adoption at constant attractiveness: p = .03 and q = .38 have their peak at t = 6.192619, where F = .460526."""

    @staticmethod
    def closed_form(times, p, q):
        left = np.exp(-(p + q) * times)
        return (1 - left) / (1 + q / p * left)

    @pytest.mark.parametrize("p, q", [(0.03, 0.38), (0.01, 0.6), (0.1, 0.1)])
    def test_whole_path(self, regional, p, q):
        result = run(regional, "bass", parameters={"Innovation in adoption": p, "Imitation in adoption": q})
        found = result["Technology adoption"].transpose("time", ...).values
        path = self.closed_form(result["time"].values, p, q)[:, None, None]
        np.testing.assert_allclose(found, np.broadcast_to(path, found.shape), atol=TOLERANCE)

    def test_peak(self, regional):
        """Adoptions a year are highest at ln(q / p) / (p + q), when 1/2 - p / 2q have adopted."""
        result = run(regional, "bass")
        p, q = float(result["Innovation in adoption"]), float(result["Imitation in adoption"])
        peak = float(np.log(q / p) / (p + q))
        assert peak == pytest.approx(6.192619, abs=5e-7)
        end = {"inherits": "reductions/bass", "time": {"final": peak, "saveper": peak, "step": peak / 50}}
        there = capdyn.simulate(regional, end, **SOLVER)["Technology adoption"].isel(time=-1)
        np.testing.assert_allclose(there, 0.460526, rtol=TOLERANCE)
        rate = (p + q * result["Technology adoption"]) * (1 - result["Technology adoption"])
        times = result["time"].values[rate.argmax("time").values]
        assert (abs(times - peak) <= 0.125).all()


@pytest.mark.parametrize(
    "constant", ["Room at the frontier", "Progress exponent", "Linear crowding", "Critical mass effect"]
)
def test_what_only_a_reduction_needs_is_off_in_the_model_as_shipped(regional, constant):
    assert float(capdyn.simulate(regional, {"time": {"final": 1}}, outputs=[constant])[constant]) == 0


class TestCohenLevinthal:
    """z = M + gamma(M) (theta x 10 + 5) with gamma = M / (M + 1): dz/dM at M = 1 is 3.5 for theta = .5, 2.25 for 0."""

    @staticmethod
    def input_at(regional, theta, effort):
        """Own effort in search, near `effort`, and learning from it at the start; Home, small firms."""
        first = 1.0
        here = {"Region": "Home", "Size": "small", "Effort": "search"}
        for _ in range(3):
            parameters = {"Supplier teaching": 2 * theta, "Reference effort[search]": first}
            start = run(regional, "cohen_levinthal", parameters=parameters).isel(time=0).sel(here)
            first *= effort / float(start["Technological effort"])
        return float(start["Technological effort"]), float(start["Learning input"])

    @pytest.mark.parametrize("theta, slope", [(0.5, 3.5), (0.0, 2.25)])
    def test_slope(self, regional, theta, slope):
        (m, z), (m_more, z_more) = (self.input_at(regional, theta, 1 + change) for change in (-1e-4, 1e-4))
        assert abs((m + m_more) / 2 - 1) < 1e-9
        assert (z_more - z) / (m_more - m) == pytest.approx(slope, rel=TOLERANCE)

    @pytest.mark.parametrize("theta", [0.0, 0.5, 1.0])
    @pytest.mark.parametrize("effort", [0.01, 0.5, 2.0])
    def test_learning_input(self, regional, theta, effort):
        m, z = self.input_at(regional, theta, effort)
        assert z == pytest.approx(m + m / (m + 1) * (theta * 10 + 5), rel=TOLERANCE)

    def test_without_effort_there_is_no_learning_however_large_the_pool(self, regional):
        result = run(regional, "cohen_levinthal", parameters={"Demand for improvement": 0})
        assert float(result["Free input"].sel(Effort="search").isel(time=0).min()) > 9.9
        assert (result["Learning input"] == 0).all()
        assert (result["Learning"] == 0).all()
