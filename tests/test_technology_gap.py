"""The lattice model of Caniels and Verspagen: regions alike but for their place, against a program of its own.

Knowledge is highest at the centre and falls ring by ring, less so the better regions learn from those ahead of them.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.sparse.csgraph import shortest_path

import capdyn
from equations import ROOT

RADII = (1, 2, 3, 4, 5)
MUS = (0.75, 1.0, 1.5, 2.0)
STEP = 5.0  # years; with RK4 far finer than the differences looked for


@pytest.fixture(scope="module")
def lattice() -> capdyn.Model:
    return capdyn.open_model(ROOT / "models" / "technology_gap")


@pytest.fixture(scope="module")
def baseline(lattice):
    return capdyn.simulate(lattice, "baseline")


@pytest.fixture(scope="module")
def members(lattice):
    """Every radius with every mu after 500 years; a function from radius and mu to the member."""
    both = [(radius, mu) for radius in RADII for mu in MUS]
    radii, mus = np.array(both).T
    result = capdyn.ensemble(
        lattice,
        {"Radius": radii, "Intrinsic capability": mus},
        {"time": {"step": STEP, "saveper": 100}},
        ["Knowledge", "Ring gap", "Included", "Steps from centre", "Spillover received"],
    )
    assert (result["status"] == 0).all()
    end = result.isel(time=-1)
    return lambda radius, mu: end.isel(member=both.index((radius, mu)))


def regions_within(radius: int) -> int:
    return 1 + 3 * radius * (radius + 1)


class Program:
    """The same theory without the equation file: a lattice in the plane, neighbours at distance 1, matrices.

    Regions are numbered as they are met by walking around each ring, from the same corner as in the file.
    """

    def __init__(self, radius, mu=1.0, delta=1.0, effort=0.01, strength=0.002):
        corners = np.exp(1j * np.pi / 3 * np.arange(6))
        places = [0j]
        for ring in range(1, radius + 1):
            for side in range(6):
                start, toward = corners[side] * ring, corners[(side + 2) % 6]
                places += [start + toward * step for step in range(ring)]
        self.places = np.array(places)
        apart = abs(self.places[:, None] - self.places)
        self.steps = shortest_path(abs(apart - 1) < 1e-6, unweighted=True)
        self.mu, self.delta, self.effort, self.strength = mu, delta, effort, strength

    def growth(self, log_knowledge):
        """Growth of each region; shape (regions,)."""
        ahead = log_knowledge[None, :] - log_knowledge[:, None]
        bell = np.exp(-((ahead / self.delta - self.mu) ** 2))
        weight = np.divide(self.delta, self.steps, out=np.zeros_like(self.steps), where=self.steps > 0)
        return self.effort + self.strength * (weight * bell).sum(axis=1)

    def rk4(self, years, step=1.0):
        """Knowledge at the end, by Runge and Kutta's classical method from 1 everywhere."""
        k = np.ones(len(self.places))

        def rate(k):
            return k * self.growth(np.log(k))

        for _ in range(round(years / step)):
            a = rate(k)
            b = rate(k + step / 2 * a)
            c = rate(k + step / 2 * b)
            d = rate(k + step * c)
            k = k + step / 6 * (a + 2 * b + 2 * c + d)
        return k

    def log_exact(self, years):
        """Logarithm of knowledge at the end, by another method in another variable."""
        solved = solve_ivp(lambda _, y: self.growth(y), (0, years), np.zeros(len(self.places)), "DOP853",
                           rtol=1e-11, atol=1e-12)  # fmt: skip
        return solved.y[:, -1]


class TestLattice:
    def test_ninety_one_different_places_within_five_steps(self, baseline):
        column, row = baseline["Column"].values, baseline["Row"].values
        assert len(set(zip(column, row, strict=True))) == 91
        assert np.maximum.reduce([abs(column), abs(row), abs(column + row)]).max() == 5

    def test_places_are_those_of_the_plane(self, baseline):
        """Axial coordinates drawn in the plane are a triangular grid of mesh 1, walked around ring by ring."""
        drawn = baseline["Column"].values + baseline["Row"].values * np.exp(1j * np.pi / 3)
        ours = Program(5).places
        np.testing.assert_allclose(abs(drawn), abs(ours), atol=1e-12)
        np.testing.assert_allclose(abs(drawn[:, None] - drawn), abs(ours[:, None] - ours), atol=1e-12)

    def test_distance_is_the_shortest_way(self, baseline):
        assert (baseline["Distance"].values == Program(5).steps).all()

    @pytest.mark.parametrize("radius", RADII)
    def test_radius_says_who_takes_part(self, members, radius):
        result = members(radius, 1.0)
        inside = result["Included"].values == 1
        assert inside.sum() == regions_within(radius)
        assert (inside == (result["Steps from centre"].values <= radius)).all()
        assert (result["Knowledge"].values[~inside] == 1).all()
        assert (result["Spillover received"].values[~inside] == 0).all()


class TestAgainstAnIndependentProgram:
    @pytest.mark.parametrize("radius", RADII)
    @pytest.mark.parametrize("mu", [0.75, 2.0])
    def test_same_method_same_step(self, members, radius, mu):
        found = members(radius, mu)["Knowledge"].values
        expected = Program(radius, mu).rk4(500, STEP)
        np.testing.assert_allclose(found[: regions_within(radius)], expected, rtol=1e-9)

    def test_another_method_in_another_variable(self, lattice):
        result = capdyn.simulate(lattice, "baseline", method="lsoda", rtol=1e-10, outputs=["Log knowledge"])
        found = result["Log knowledge"].values[-1]
        np.testing.assert_allclose(found, Program(5).log_exact(500), rtol=1e-8)

    def test_capabilities_of_learning_that_differ(self, lattice):
        """delta and mu belong to the region that receives."""
        delta, mu = np.linspace(0.6, 1.4, 91), np.linspace(1.5, 0.8, 91)
        settings = {"Learning capability": delta, "Intrinsic capability": mu}
        found = capdyn.simulate(lattice, "baseline", settings, step=STEP, outputs=["Knowledge"])
        expected = Program(5, mu[:, None], delta[:, None]).rk4(500, STEP)
        np.testing.assert_allclose(found["Knowledge"].values[-1], expected, rtol=1e-9)

    def test_engines_agree(self, lattice):
        short = {"time": {"final": 5, "step": 5, "saveper": 5}}
        fast, slow = (capdyn.simulate(lattice, short, engine=engine) for engine in ("kernel", "interpret"))
        for name in ("Knowledge", "Spillover received", "Ring gap"):
            np.testing.assert_allclose(fast[name], slow[name], rtol=1e-12, atol=1e-14)


class TestWhatPlaceDoes:
    @pytest.mark.parametrize("mu", MUS)
    @pytest.mark.parametrize("radius", RADII)
    def test_knowledge_falls_ring_by_ring_from_the_centre(self, members, radius, mu):
        """Every region of a ring knows more than every region of the next."""
        result = members(radius, mu)
        knowledge, ring = result["Knowledge"].values, result["Steps from centre"].values
        for inner in range(radius):
            assert knowledge[ring == inner].min() > knowledge[ring == inner + 1].max()

    @pytest.mark.parametrize("radius", RADII)
    def test_gaps_are_smaller_where_intrinsic_capability_is_larger(self, members, radius):
        gaps = np.array([members(radius, mu)["Ring gap"].values[1 : radius + 1] for mu in MUS])
        assert (gaps > 0).all()
        assert (np.diff(gaps, axis=0) < 0).all()

    def test_a_sixth_of_a_turn_changes_nothing(self, baseline):
        column, row = baseline["Column"].values, baseline["Row"].values
        place = {where: i for i, where in enumerate(zip(column, row, strict=True))}
        turned = [place[-r, q + r] for q, r in zip(column, row, strict=True)]
        assert sorted(turned) == list(range(91))
        log_knowledge = baseline["Log knowledge"].values
        np.testing.assert_allclose(log_knowledge[:, turned], log_knowledge, rtol=1e-12, atol=1e-12)

    def test_identical_regions_come_to_grow_alike(self, baseline):
        growth = baseline["Knowledge growth"].values
        assert np.ptp(growth[0]) > 1e-3
        assert np.ptp(growth[-1]) < 1e-7

    def test_pace_does_not_matter(self, lattice):
        """Twice the spillover gives the same gaps in half the time, whatever everyone's own effort."""
        adaptive = {"method": "lsoda", "rtol": 1e-10, "outputs": ["Ring gap"]}
        settings = {"Spillover strength": 0.004, "Own effort": 0.03}
        slow = capdyn.simulate(lattice, "baseline", **adaptive)
        fast = capdyn.simulate(lattice, {"time": {"final": 250, "saveper": 5}}, settings, **adaptive)
        np.testing.assert_allclose(fast["Ring gap"], slow["Ring gap"], atol=1e-8)

    def test_outer_rings_let_go_where_intrinsic_capability_is_low(self, lattice):
        """Inner rings rest; the outer ones fall behind ever further, growing more slowly than the centre."""
        result = capdyn.simulate(lattice, "low_intrinsic_capability", step=STEP)
        gap, ring = result["Ring gap"], result["Steps from centre"].values
        assert (gap.sel(Ring=["first ring", "second ring"])[-1] < 0.2).all()
        assert float(gap.sel(Ring="fifth ring")[-1]) > 10
        growth = result["Knowledge growth"].values[-1]
        assert growth[ring == 5].max() < 0.8 * growth[0]

    def test_a_small_space_is_more_even_as_a_whole_but_falls_off_faster(self, lattice, baseline):
        small = capdyn.simulate(lattice, "small_lattice", step=STEP)["Ring gap"][-1]
        large = baseline["Ring gap"][-1]
        assert float(small.max()) < float(large.max())
        assert float(small.sel(Ring="second ring")) > float(large.sel(Ring="second ring"))
