"""Adoption of the new technology in the regional model: the nine cells of the decision matrix, and what slows it.

The matrix is Table 2 of James and Bhalla (1993); what it says is compared with profits worked out here.
"""

import numpy as np
import pytest

import capdyn

SIZES = ("micro", "small", "medium", "large")
CHANNELS = ("local market", "domestic bulk", "domestic quality", "export bulk", "export quality",
            "public procurement")  # fmt: skip
# Nothing but the technology itself moves cost and demand.
ITSELF = {"Technology skill saving": 0, "Weight of rising sales": 0}
SHORT = {"inherits": "baseline", "time": {"final": 1}}
COST, DEMAND = 0.04, 0.4


def decisions(regional, cost, demand):
    """The first moment of a run in which technology changes cost and demand for everyone alike."""
    parameters = {**ITSELF, "Technology cost change": cost, "Technology demand change": demand}
    return capdyn.simulate(regional, SHORT, parameters).isel(time=0)


class TestDecisionMatrix:
    @pytest.mark.parametrize(
        "cost, demand, adopts",
        [
            (-COST, DEMAND, True), (-COST, 0, True),
            (0, DEMAND, True), (0, 0, False), (0, -DEMAND, False),
            (COST, 0, False), (COST, -DEMAND, False),
        ],
    )  # fmt: skip
    def test_seven_plain_cells(self, regional, cost, demand, adopts):
        """Cost falls, stays or rises; demand rises, stays or falls: adopted or not, by firms of every size."""
        found = decisions(regional, cost, demand)["Adoption attractiveness"]
        assert (found > 0).all() if adopts else (found == 0).all()

    @pytest.mark.parametrize("corner", [-1, 1])
    def test_two_mixed_cells_go_by_profit(self, regional, corner):
        """Both fall, or both rise: adopted by those whose profit rises, and by nobody else."""
        verdicts = set()
        for cost in (0.002, 0.02, 0.2):
            for demand in (0.02, 0.2, 0.9):
                run = decisions(regional, corner * cost, corner * demand)
                before = run["Profit of the old technique"]
                margin = before - run["Cost change by technology"] * run["Cost of the old technique"]
                after = (1 + run["Demand change by technology"]) * margin
                found = run["Adoption attractiveness"] > 0
                gains = ((after > before) & (margin > 0)).transpose(*found.dims)
                assert (found == gains).all()
                verdicts |= set(found.values.ravel().tolist())
        assert verdicts == {True, False}

    def test_cheaper_or_more_wanted_never_turns_adoption_into_refusal(self, regional):
        """600 random changes of cost and demand, different for sizes and channels, and what happens when both get better."""
        rng = np.random.default_rng(4)
        cost = rng.uniform(-0.3, 0.5, (len(SIZES), 600))
        demand = rng.uniform(-0.9, 1.0, (len(CHANNELS), 600))
        lower, higher = rng.uniform(0, 0.3, (1, 600)), rng.uniform(0, 0.5, (1, 600))

        def attractiveness(cost, demand):
            values = {f"Technology cost change[{s}]": row for s, row in zip(SIZES, cost, strict=True)}
            values |= {f"Technology demand change[{c}]": row for c, row in zip(CHANNELS, demand, strict=True)}
            runs = capdyn.ensemble(regional, values, SHORT, ("Adoption attractiveness",))
            return runs["Adoption attractiveness"].isel(time=0).values

        before = attractiveness(cost, demand)
        assert 0.1 < (before > 0).mean() < 0.9
        for better in (
            attractiveness(cost - lower, demand),
            attractiveness(cost, demand + higher),
            attractiveness(cost - lower, demand + higher),
        ):
            assert (better >= before - 1e-12).all()
            assert (better > before + 1e-6).any()


def users(regional, size, parameters=None, **scenario):
    """Share of Home's firms of a size that use the technology after ten years in which it pays for everyone."""
    pays = {"Technology cost change": -0.2, **(parameters or {})}
    run = capdyn.simulate(
        regional,
        {"inherits": "baseline", "time": {"final": 10}, **scenario},
        pays,
        outputs=["Technology adoption"],
    )
    return float(run["Technology adoption"].sel(Region="Home", Size=size)[-1])


class TestWhatSlowsIt:
    """Size matters through lumps, information and finance, not through the technique alone (theory: shape 10)."""

    def test_small_firms_lag_where_the_technique_pays_for_all(self, regional):
        shares = [users(regional, size) for size in SIZES]
        assert shares == sorted(shares)
        assert shares[0] < 0.1 * shares[-1]

    def test_without_lump_and_with_information_size_hardly_matters(self, regional):
        """Founders apart, who know no better than those whom they worked for."""
        free = {"Price of equipment": 1, "Own information": 1, "Spinoff inheritance": 1}
        shares = [users(regional, size, free) for size in SIZES]
        assert max(shares) - min(shares) < 0.1 * max(shares)

    @pytest.mark.parametrize("constant, value", [("Price of equipment", 1000), ("Own information", 1)])
    def test_lump_and_information_each_hold_small_firms_back(self, regional, constant, value):
        assert users(regional, "small", {constant: value}) > 1.2 * users(regional, "small")

    def test_a_service_bureau_removes_the_lump(self, regional):
        """Under demand for improvement, without which no service is used."""
        demand = {"Demand for improvement": 1}
        bureau = {"shared_equipment": {"intensity": 1}}
        with_it = users(regional, "small", demand, levers=bureau)
        assert with_it > 2 * users(regional, "small", demand)
        assert with_it > 1.2 * users(regional, "small", {**demand, "Bureau effect": 0}, levers=bureau)

    def test_gains_take_a_well_organised_production(self, regional):
        """The same skills save less than half where production is hardly mastered (000, Innovational complementarities)."""
        saved = [
            0.03 - float(capdyn.simulate(regional, SHORT, {"Technology cost change": 0.03, "Initial capability": level},
                                         outputs=["Cost change by technology"])["Cost change by technology"]
                         .sel(Region="Home", Size="small")[0])
            for level in (0.1, 0.4)
        ]  # fmt: skip
        assert 0 < saved[0] < 0.5 * saved[1]

    def test_credit_goes_to_the_large(self, regional):
        credit = {"hardware_credit": {"intensity": 1}}
        gains = [users(regional, size, levers=credit) - users(regional, size) for size in ("small", "medium")]
        assert 0 <= gains[0] < gains[1]
