"""Mechanisms of the regional model one by one: the 32 cells, roads and traps, agencies, pollution, incentives, sizes.

Each test compares runs that differ in one respect; what must come out is the theory's sign, not a number.
"""

import re

import numpy as np
import pytest

import capdyn
from equations import REGIONAL

MATURE = {"inherits": "mature_cluster", "time": {"final": 25}}
HOME = {"Region": "Home"}


def run(regional, scenario, outputs, parameters=None, **changes):
    """A run with some constants changed, at Home, only of what is looked at."""
    found = capdyn.simulate(regional, {**scenario, **changes}, parameters, outputs=outputs)
    return found.sel(HOME)


def at(result, name, time, **where):
    return float(result[name].sel(time=time, **where))


def end(result, name, **where):
    return float(result[name].sel(where).isel(time=-1))


class TestCells:
    """The table of agglomeration mechanisms: each of its 32 cells matters to a growing cluster, by itself."""

    def test_each_cell_off_lowers_some_capability_by_more_than_a_hundredth(self, regional):
        exists = capdyn.simulate(regional, {"time": {"final": 1}}, outputs=["Mechanism exists"])[
            "Mechanism exists"
        ]
        cells = [
            (str(row.item()), str(column.item()))
            for row in exists["Mechanism"]
            for column in exists["Effort"]
            if float(exists.sel(Mechanism=row, Effort=column))
        ]
        assert len(cells) == 32
        strength = {
            f"Mechanism strength[{row},{column}]": 1.0 - (np.arange(33) == k + 1)
            for k, (row, column) in enumerate(cells)
        }
        runs = capdyn.ensemble(regional, strength, "third_generation", ["Capability"]).sel(HOME)
        growing = runs["Capability"].isel(member=0)
        fall = ((growing - runs["Capability"]) / growing).isel(member=slice(1, None))
        losses = fall.max([dim for dim in fall.dims if dim != "member"]).values
        assert {cell: loss for cell, loss in zip(cells, losses, strict=True) if loss <= 0.01} == {}


class TestHalfWay:
    """Between the two ends: a cluster that serves its buyers well stays where they are content (theory: 003 s7b)."""

    # Large buyers take most of what is made.
    CAPTURED = {  # noqa: RUF012
        "Buyer dominance": {"domestic bulk": 0.9, "export bulk": 0.9},
        "Initial access[Home,export bulk]": 0.6,
    }
    TWENTY_YEARS = slice(0, 20)

    def capability(self, regional, kind, parameters=None):
        found = run(regional, MATURE, ["Relative capability"], parameters)["Relative capability"]
        return found.sel({"Capability kind": kind, "time": self.TWENTY_YEARS}).values

    @pytest.mark.parametrize("kind", ["production", "innovation"])
    def test_mature_cluster_neither_falls_back_nor_takes_off_for_twenty_years(self, regional, kind):
        path = self.capability(regional, kind)
        assert path.min() > 0.7 * path[0]
        assert path.max() < 1.5 * path[0]

    def test_captured_cluster_produces_better_and_does_not_design(self, regional):
        """Dependence holds it: without, the same cluster innovates several times as much (B9 single-buyer capture)."""
        free = {**self.CAPTURED, "Dependence blocks": 0, "Dependence closes doors": 0}
        production = self.capability(regional, "production", self.CAPTURED)
        innovation = self.capability(regional, "innovation", self.CAPTURED)
        assert production[-1] > 1.1 * production[0]
        assert innovation[-1] < innovation[0]
        assert self.capability(regional, "innovation", free)[-1] > 2 * innovation[-1]


class TestRoads:
    """Pressure is met by upgrading or by squeezing labour (001 s3.3)."""

    OUTPUTS = ("Labour standard", "Unit cost", "Technological effort", "Skill pool")

    def test_squeeze_works_for_cost_and_starves_training_and_skill(self, regional):
        squeezed, decent = (
            run(regional, MATURE, self.OUTPUTS, {"Squeeze rate": rate, "Initial labour standard": start})
            for rate, start in ((0.8, 0.1), (0, 0.9))
        )
        assert at(squeezed, "Labour standard", 10) < 0.7 * at(decent, "Labour standard", 10)
        assert at(squeezed, "Unit cost", 3) < 0.95 * at(decent, "Unit cost", 3)
        training = [
            at(r, "Technological effort", 3, Effort="training", Size="small") for r in (squeezed, decent)
        ]
        assert training[0] < 0.9 * training[1]
        assert end(squeezed, "Skill pool") < 0.9 * end(decent, "Skill pool")

    def test_where_effort_goes_on_little_is_squeezed(self, regional):
        idle = run(regional, MATURE, self.OUTPUTS, {"Demand for improvement": 0})
        assert end(idle, "Labour standard") < end(run(regional, MATURE, self.OUTPUTS), "Labour standard")


class TestAgencies:
    """Support is only as good as its incentives (002 s4.4)."""

    SERVICES = {"service_centres": {"intensity": 1}}  # noqa: RUF012
    OUTPUTS = ("Agency credibility", "Agency attention", "Support effectiveness", "Complacency")

    def served(self, regional, parameters=None, levers=None):
        return run(regional, MATURE, self.OUTPUTS, parameters, levers=levers or self.SERVICES)

    def test_fees_and_commissions_keep_an_agency_honest(self, regional):
        flat, fees, paid = (
            self.served(regional, {"Fee share": fee, "Commission share": commission})
            for fee, commission in ((0, 0), (0.5, 0), (0, 0.8))
        )
        for better in (fees, paid):
            assert end(better, "Agency credibility") > 1.05 * end(flat, "Agency credibility")
            assert end(better, "Support effectiveness") > end(flat, "Support effectiveness")

    def test_results_make_it_credible(self, regional):
        nothing_learned = self.served(regional, {"Demand for improvement": 0})
        assert end(nothing_learned, "Agency credibility") < end(self.served(regional), "Agency credibility")

    def test_squeezed_for_income_it_sells_elsewhere(self, regional):
        squeezed = self.served(regional, {"Income squeeze": 0.8, "Income squeeze start": 5})
        assert at(squeezed, "Agency attention", 5) == pytest.approx(1)
        assert end(squeezed, "Agency attention") < 0.5

    def test_obligation_to_buy_breeds_complacency(self, regional):
        orders = {"conditional_procurement": {"intensity": 1}}
        free, assured = (self.served(regional, {"Obligation to buy": x}, orders) for x in (0, 1))
        assert end(assured, "Complacency") > end(free, "Complacency") + 0.1


class TestPollution:
    OUTPUTS = ("Pollution", "Treatment", "Total firms")
    DIRTY = {"Dirtiness": 1.5, "Pollution capacity": 4e7, "Environmental regulation start": 5}  # noqa: RUF012
    ALONE = {"Joint action gain": 0, "Initial joint action[Home]": 0}  # noqa: RUF012

    def test_joint_plants_relieve_it_when_rules_are_enforced(self, regional):
        """Without rules nobody treats, without joint action hardly anyone can, and then firms are closed (003 s5)."""
        lax, strict, alone = (
            run(regional, MATURE, self.OUTPUTS, {**self.DIRTY, **more})
            for more in (
                {},
                {"Environmental regulation": 1},
                {"Environmental regulation": 1, **self.ALONE},
            )
        )
        assert end(strict, "Treatment") > 5 * max(end(lax, "Treatment"), end(alone, "Treatment"))
        assert end(strict, "Pollution") < 0.5 * end(lax, "Pollution")
        assert end(alone, "Total firms") < 0.5 * end(strict, "Total firms")


class TestRegionAgainstRegion:
    """Location incentives: unilateral gain, mutual loss (001 s4.2)."""

    OUTPUTS = ("Employment", "Public outlay", "Business environment", "Cumulative value added")

    def play(self, regional, home, neighbour, response=0):
        intensity = {"location_incentives,Home": home, "location_incentives,Neighbour": neighbour}
        parameters = {"Lever intensity": intensity, "Matching response": response}
        return run(regional, {"inherits": "baseline"}, self.OUTPUTS, parameters)

    def test_prisoners_dilemma(self, regional):
        none, alone, abstains, both = (
            self.play(regional, *offers) for offers in ((0, 0), (1, 0), (0, 1), (1, 1))
        )
        jobs = {name: end(r, "Employment") for name, r in
                {"none": none, "alone": alone, "abstains": abstains, "both": both}.items()}  # fmt: skip
        assert jobs["alone"] > 1.1 * jobs["none"]
        assert jobs["abstains"] < 0.9 * jobs["none"]
        assert jobs["both"] > jobs["abstains"]
        assert abs(jobs["both"] - jobs["none"]) < 0.1 * (jobs["alone"] - jobs["none"])
        assert end(both, "Public outlay") > end(both, "Cumulative value added") - end(
            none, "Cumulative value added"
        )
        assert end(both, "Business environment") < end(none, "Business environment")

    def test_a_rival_that_matches_takes_most_of_the_gain(self, regional):
        none, alone, matched = (
            end(self.play(regional, *offers), "Employment") for offers in ((0, 0, 0), (1, 0, 0), (1, 0, 0.7))
        )
        assert matched - none < 0.5 * (alone - none)


class TestSizes:
    def test_clustering_divides_the_steps_and_fills_the_middle(self, regional):
        """Firms of medium size in a growing cluster, with and without a division of the step (003 s4)."""
        whole, divided = (
            at(
                run(regional, {"inherits": "third_generation"}, ["Firms"], {"Division of steps": parts}),
                "Firms",
                20,
                Size="medium",
            )
            for parts in (0, 4)
        )
        assert divided > 1.2 * whole

    def test_joint_action_is_selective_and_passive_advantages_are_not(self, regional):
        """Savings of clustering reach all; shared effort is cheaper for those who take part (003 s5)."""
        result = run(regional, {"inherits": "third_generation"}, ["Unit cost of effort"])
        cost = result["Unit cost of effort"].sel(Effort="search").isel(time=10)
        by_size = {str(size): float(cost.sel(Size=size)) for size in cost["Size"].values}
        assert by_size["medium"] == by_size["small"] < by_size["micro"] < by_size["large"]

    def test_large_firms_that_turn_away_weaken_joint_action(self, regional):
        outputs = ["Joint action", "Embedded share"]
        detached, embedded = (
            run(regional, {"inherits": "third_generation"}, outputs, parameters)
            for parameters in (None, {"Embedding": 1})
        )
        assert end(detached, "Embedded share") < 1
        assert end(detached, "Joint action") < end(embedded, "Joint action")


class TestBranchPlants:
    """Plants of the advanced region bring jobs; only those with local linkage leave something behind (001 s4.3)."""

    OUTPUTS = ("Employment", "Skill pool", "Outside plants")

    def plants(self, regional, parameters=None, **levers):
        levers = {lever: {"intensity": x} for lever, x in levers.items()}
        incipient = {"inherits": "baseline", "time": {"final": 25}}
        return run(regional, incipient, self.OUTPUTS, parameters, levers=levers)

    def test_unlinked_plants_drain_skill(self, regional):
        none, plants = self.plants(regional), self.plants(regional, branch_plants=1)
        assert end(plants, "Employment") > 1.05 * end(none, "Employment")
        assert end(plants, "Skill pool") < end(none, "Skill pool")

    def test_linked_plants_do_not(self, regional):
        drained, linked = (
            end(self.plants(regional, {"Linkage without effort": share}, branch_plants=1), "Skill pool")
            for share in (0, 1)
        )
        assert linked > 1.05 * drained

    def test_no_plants_without_large_firms_in_the_advanced_region(self, regional):
        few = self.plants(regional, {"Initial firms[Core,large]": 0.01}, branch_plants=1)
        many = self.plants(regional, branch_plants=1)
        assert at(few, "Outside plants", 5) < 0.3 * at(many, "Outside plants", 5)


class TestReadme:
    """The page of the model says which constants cut which loop."""

    @staticmethod
    def cuts():
        """Loop and cut, from the table of loops."""
        for line in (REGIONAL / "README.md").read_text(encoding="utf-8").splitlines():
            row = re.match(r"\| ([RB]\d+ [^|]+?) \| ([^|]+) \| (`[^|]+) \|", line)
            if row:
                found = re.findall(r"`([^`]+)` ([-.\de]+)", row[3])
                yield pytest.param({name: float(value) for name, value in found}, id=row[1])

    def test_all_loops_of_the_theory_are_there(self):
        names = [parameter.id.split()[0] for parameter in self.cuts()]
        assert names == [f"R{i}" for i in range(1, 15)] + [f"B{i}" for i in range(1, 15)]

    def test_each_loop_is_named_in_the_comment_of_a_variable(self, regional):
        comments = " ".join(variable.comment for variable in regional.source.variables.values())
        assert [parameter.id for parameter in self.cuts() if parameter.id not in comments] == []

    def test_each_cut_is_within_its_range_and_changes_a_run(self, regional):
        """Packages that pull the levers which the loop needs, from the start of a growing cluster."""
        everything = {
            "inherits": "third_generation",
            "levers": {
                name: {"intensity": 0.5}
                for name in ("service_centres", "location_incentives", "supply_push_institutes")
            },
            "time": {"final": 25},
        }
        whole = capdyn.simulate(regional, everything, outputs=["Capability"])["Capability"]
        unchanged = [
            parameter.id
            for parameter in self.cuts()
            if np.allclose(
                capdyn.simulate(regional, everything, parameter.values[0], outputs=["Capability"])[
                    "Capability"
                ],
                whole,
                rtol=1e-4,
                atol=0,
            )
        ]
        assert unchanged == []
