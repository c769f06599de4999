"""Policy at equal outlay on small models whose answers are known in closed form."""

import numpy as np
import pytest

import capdyn
from capdyn.policy.assumptions import FINE, NOT_FINITE, draw_sample, order_shares
from capdyn.policy.compare import make_case
from capdyn.policy.levers import Package, generations, pairs, parts, read_levers
from capdyn.policy.outlay import CAPPED, FAILED, SPENT, equal_outlay, present_value
from capdyn.policy.package_file import one_package, read_packages
from capdyn.policy.show import sentence_of, table_of, words_of
from capdyn.run.summary import plain
from equations import mdl

# Over T = 10: benefit 20 a + 30 a b; outlay (discount 0) 100 a + 200 b + 50 c a year.
LEVERS = """
    Lever: aid, boost, care ~ ~ |
    Generation: first, second ~ ~ |
    Lever generation[Lever, Generation] = 1,0; 1,0; 0,1; ~ ~ |
    Lever intensity[Lever] = 0 ~ Dmnl [0,1] ~ |
    Lever start[Lever] = 0 ~ Year [0,100] ~ |
    Lever stop[Lever] = 100 ~ Year [0,100] ~ |
    Cost[Lever] = 100, 200, 50 ~ ~ |
    Strength = 2 ~ Dmnl [1,3] ~ |
    Active[Lever] = Lever intensity[Lever] * STEP(1, Lever start[Lever]) * (1 - STEP(1, Lever stop[Lever])) ~ ~ |
    Public outlay = INTEG(SUM(Cost[Lever!] * Active[Lever!]), 0) ~ Dollar ~ |
    Benefit = INTEG(Strength * Active[aid] + 3 * Active[aid] * Active[boost], 1) ~ Dmnl ~ |
"""
TIMES = {"final_time": 10, "time_step": 0.125, "saveper": 1}
GIVEN = {"outcome": "Benefit", "discount": 0.0, "start": 0.0, "stop": 100.0}


@pytest.fixture(scope="module")
def levers(tmp_path_factory):
    path = tmp_path_factory.mktemp("levers") / "m.mdl"
    path.write_text(mdl(LEVERS, **TIMES), encoding="utf-8")
    return capdyn.open_model(path)


def case_of(model, discount=0.0):
    return make_case(model, None, "Public outlay", "Benefit", discount, None, 0.0, 100.0)


def test_present_value():
    times, rate = np.arange(11.0), 0.05
    even = present_value(300.0 * times, times, rate)
    assert even == pytest.approx(300 * (1 - np.exp(-rate * 10)) / rate, rel=1e-12)
    assert present_value(300.0 * times, times, 0.0) == 3000.0
    once = present_value(np.where(times >= 4, 500.0, 0.0), times, rate)
    assert 500 * np.exp(-rate * 4) < once < 500 * np.exp(-rate * 3)


class TestEqualOutlay:
    def test_intensities(self, levers):
        packages = [Package("one", {"aid": 1.0}, 0, 100), Package("two", {"aid": 1.0, "boost": 1.0}, 0, 100)]
        scales, outlays, status = equal_outlay(case_of(levers), packages, np.array([600.0, 600.0]))
        np.testing.assert_allclose(scales, [0.6, 0.2], rtol=1e-9)
        np.testing.assert_allclose(outlays, 600.0, rtol=1e-9)
        assert status.tolist() == [SPENT, SPENT]

    def test_discounted_and_for_a_time(self, levers):
        (scale,), _, _ = equal_outlay(
            case_of(levers, 0.08), [Package("one", {"aid": 1.0}, 2, 7)], np.array([150.0])
        )
        full = 100 * (np.exp(-0.08 * 2) - np.exp(-0.08 * 7)) / 0.08
        assert scale == pytest.approx(150 / full, rel=1e-9)

    def test_a_lever_at_its_most_leaves_the_rest_to_the_other(self, levers):
        """Half of 1,500 each: care can spend 500 only, aid spends the other 1,000."""
        (package,) = pairs(["aid", "care"], {"aid": 1000.0, "care": 500.0}, 0, 100)
        case = case_of(levers)
        scales, outlays, _ = equal_outlay(case, [package], np.array([1500.0]))
        np.testing.assert_allclose(case.intensities([package], scales), [[1.0, 0.0, 1.0]], rtol=1e-9)
        assert outlays[0] == pytest.approx(1500.0)
        scales, _, _ = equal_outlay(case, [package], np.array([800.0]))
        np.testing.assert_allclose(case.intensities([package], scales), [[0.4, 0.0, 0.8]], rtol=1e-9)

    def test_what_cannot_spend_it_says_so(self, levers):
        packages = [Package("care", {"care": 1.0}, 0, 100)]
        scales, outlays, status = equal_outlay(case_of(levers), packages, np.array([600.0]))
        assert (scales[0], outlays[0], status[0]) == (1.0, pytest.approx(500.0), CAPPED)

    def test_outlay_that_is_not_proportional(self, model):
        """A fee of half of the square: 100 (a - a^2/2) a year."""
        text = LEVERS.replace(
            "SUM(Cost[Lever!] * Active[Lever!])", "100 * Active[aid] * (1 - Active[aid] / 2)"
        )
        (scale,), _, _ = equal_outlay(
            case_of(model(text, **TIMES)), [Package("a", {"aid": 1.0}, 0, 100)], np.array([300.0])
        )
        assert scale == pytest.approx(1 - np.sqrt(1 - 2 * 0.3), rel=1e-8)

    def test_a_run_that_fails_is_told(self, model):
        text = LEVERS.replace(
            "SUM(Cost[Lever!] * Active[Lever!])",
            "LN(0.5 - Active[boost]) * 0 + SUM(Cost[Lever!] * Active[Lever!])",
        )
        packages = [Package("aid", {"aid": 1.0}, 0, 100), Package("boost", {"boost": 1.0}, 0, 100)]
        _, _, status = equal_outlay(case_of(model(text, **TIMES)), packages, np.array([600.0, 600.0]))
        assert status.tolist() == [SPENT, FAILED]


class TestCompare:
    def test_gain_parts_and_interaction(self, levers):
        found = capdyn.compare_policies(levers, budget=600.0, **GIVEN)
        first, second = found.sel(package="first generation"), found.sel(package="second generation")
        assert float(first["gain"]) == pytest.approx(20 * 0.2 + 30 * 0.2 * 0.2)
        assert float(first["parts"]) == pytest.approx(20 * 0.2)
        assert float(first["interaction"]) == pytest.approx(30 * 0.2 * 0.2)
        assert first["part"].values == pytest.approx([4.0, 0.0, np.nan], nan_ok=True)
        assert (float(second["gain"]), int(second["status"])) == (0.0, CAPPED)
        assert float(found["reference"]) == 1.0
        assert found.attrs["units"] == "Dmnl"

    def test_by_default_all_spend_what_the_least_can_spend(self, levers):
        found = capdyn.compare_policies(levers, **GIVEN)
        np.testing.assert_allclose(found["outlay"], 500.0)
        assert float(found["budget"]) == pytest.approx(500.0)

    def test_levers_and_pairs(self, levers):
        alone = capdyn.compare_policies(levers, levers=["Aid", "boost"], budget=400.0, **GIVEN)
        assert alone["gain"].values == pytest.approx([8.0, 0.0])
        two = capdyn.compare_policies(levers, in_pairs=True, budget=400.0, **GIVEN)
        assert two["package"].values.tolist() == ["aid + boost", "aid + care", "boost + care"]
        assert two["interaction"].values == pytest.approx([30 * 0.2 * 0.1, 0.0, 0.0])
        np.testing.assert_allclose(two["outlay"], 400.0)

    def test_a_package_may_change_constants(self, levers):
        own = [
            Package("plain", {"aid": 1.0}, 0, 100),
            Package("strong", {"aid": 1.0}, 0, 100, constants={"Strength": 3.0}),
        ]
        found = capdyn.compare_policies(levers, packages=own, budget=500.0, **GIVEN)
        assert found["gain"].values == pytest.approx([10.0, 15.0])

    def test_levers_of_the_scenario_are_taken_out(self, levers):
        scenario = {"levers": {"boost": {"intensity": 1.0}}}
        found = capdyn.compare_policies(levers, scenario, levers=["aid"], budget=500.0, **GIVEN)
        assert found["gain"].values == pytest.approx([10.0])

    @pytest.mark.parametrize(
        "arguments, message",
        [
            ({"levers": ["ade"]}, "There is no lever 'ade'. Did you mean 'aid' or 'care'?"),
            ({"budget": 0.0}, "The budget is 0. Give a discounted outlay above zero."),
            ({"outcome": "Benefits"}, "'Benefits' is not a variable of 'm'. Did you mean 'Benefit'?"),
            ({"outcome": "Active"}, "'Active' is not one number. Write Active[Lever] with an element in each place."),
            ({"outcome": "Active[ade]"}, "'ade' is not an element of 'Lever'. Did you mean 'aid' or 'care'?"),
            ({"stop": 0.0}, "Levers would stop at 0, not after their start at 0. Give a later stop."),
            ({"region": "Home"}, "There is no region 'Home'. There are no regions."),
            ({"outlay": "Benefit", "levers": ["care"]}, "'Benefit' does not grow when levers are pulled. Name the cumulative outlay: --outlay."),
        ],
    )  # fmt: skip
    def test_mistakes(self, levers, arguments, message):
        with pytest.raises(capdyn.ArgumentError) as error:
            capdyn.compare_policies(levers, **{**GIVEN, **arguments})
        assert str(error.value) == message

    def test_a_model_without_levers(self, model):
        with pytest.raises(capdyn.ArgumentError, match="has no levers"):
            capdyn.compare_policies(model("Public outlay = INTEG(1, 0) ~ ~ |"), outcome="Public outlay")

    def test_in_words(self, levers):
        found = capdyn.compare_policies(levers, budget=600.0, **GIVEN)
        assert plain(table_of(found)) == (
            "Gain at equal outlay (Benefit, final; discounted outlay 600)\n"
            "package            gain  parts  interaction  outlay  intensity\n"
            "first generation    5.2      4          1.2    100%        0.2\n"
            "second generation     0      0            0     83%          1  all it can spend\n"
        )
        assert sentence_of(found) == (
            "'first generation' gains 5.2 more than 'second generation'; 23.1% of that is interaction of its levers."
        )


class TestWorlds:
    # Another second generation: care brings 1 a unit of intensity; the first leads where 2 * Strength / 3 > 1 or so.
    TEXT = LEVERS.replace("3 * Active[aid] * Active[boost]", "4 * Active[care]").replace(
        "Cost[Lever] = 100, 200, 50", "Cost[Lever] = 50, 50, 100"
    )

    def test_the_share_is_that_of_the_ranges(self, model):
        """At equal outlay the first gains Strength x, the second 4 x: Strength, from 1 to 9, decides at 4."""
        opened = model(self.TEXT.replace("2 ~ Dmnl [1,3]", "2 ~ Dmnl [1,9]"), **TIMES)
        found = capdyn.compare_over_ranges(opened, packages=("first", "second"), draws=400, **GIVEN)
        assert found["constant"].values.tolist() == ["Strength"]
        strength = found["sample"].values[:, 0]
        np.testing.assert_array_equal(found["gain"][:, 0] > found["gain"][:, 1], strength > 4)
        shares = order_shares(found)
        assert shares["first"] == pytest.approx(
            5 / 8, abs=1 / 400
        )  # a Latin hypercube has one draw in each part
        assert shares["interval"][0] < 5 / 8 < shares["interval"][1]
        assert (shares["failed"], shares["ran"], shares["interaction"]) == (
            0,
            400,
            pytest.approx(0.0, abs=1e-9),
        )

    def test_part_of_the_ranges(self, levers):
        sample = draw_sample(case_of(levers), 200, 0, 0.5)["Strength"]
        assert 1.5 <= sample.min() < 1.51 and 2.49 < sample.max() <= 2.5
        assert set(draw_sample(case_of(levers), 5, 0, 0.0)["Strength"]) == {2.0}

    def test_worlds_do_not_depend_on_the_order_of_work(self, levers):
        one, two = (
            capdyn.compare_over_ranges(levers, packages=("first", "second"), draws=70, seed=3, **GIVEN)
            for _ in range(2)
        )
        assert one.identical(two)
        other = capdyn.compare_over_ranges(levers, packages=("first", "second"), draws=70, seed=4, **GIVEN)
        assert not np.array_equal(one["sample"], other["sample"])

    def test_failed_runs_are_counted(self, model):
        """Benefit is not finite where Strength is above 2: half of the range."""
        opened = model(
            LEVERS.replace("Benefit = INTEG(Strength", "Benefit = INTEG(SQRT(2 - Strength)"), **TIMES
        )
        found = capdyn.compare_over_ranges(opened, packages=("first", "second"), draws=100, **GIVEN)
        assert (found["status"].values == NOT_FINITE).sum() == 50
        assert np.isnan(found["gain"].values[found["status"].values != FINE]).all()
        shares = order_shares(found)
        assert (shares["draws"], shares["failed"], shares["ran"]) == (100, 50, 50)
        assert "50 ran, 50 failed" in words_of(shares, found)

    def test_worlds_without_outlay(self, model):
        opened = model(LEVERS.replace("Cost[Lever] = 100, 200, 50", "Cost[Lever] = 0"), **TIMES)
        found = capdyn.compare_over_ranges(opened, packages=("first", "second"), draws=10, **GIVEN)
        shares = order_shares(found)
        assert (shares["nothing spent"], shares["ran"]) == (10, 0)
        assert words_of(shares, found).endswith(
            "0 ran, 0 failed (a run was not finite), 10 without outlay.\n"
        )

    @pytest.mark.parametrize(
        "arguments, message",
        [
            ({"packages": ("first", "third")}, "There is no package 'third'. There are first generation, second generation."),
            ({"draws": 0}, "0 draws are asked for. Ask for one or more."),
            ({"within": 2.0}, "The part of the ranges is 2. Give a number from 0 to 1."),
            ({"keep": ["strenth"]}, "'strenth' is not a constant that could vary. Did you mean 'Strength'?"),
            ({"keep": ["Strength"]}, "No constant of 'm' is left to vary. Give constants a range [min, max] in the equation file, or keep fewer."),
        ],
    )  # fmt: skip
    def test_mistakes(self, levers, arguments, message):
        with pytest.raises(capdyn.ArgumentError) as error:
            capdyn.compare_over_ranges(levers, **{"packages": ("first", "second"), **GIVEN, **arguments})
        assert str(error.value) == message


class TestPackages:
    def test_generations_and_parts(self, levers):
        found = generations(read_levers(levers.system), 0, 9)
        assert [(p.name, p.weights) for p in found] == [
            ("first generation", {"aid": 1.0, "boost": 1.0}), ("second generation", {"care": 1.0}),
        ]  # fmt: skip
        assert [(p.name, p.weights, p.stop) for p in parts(found[0])] == [
            ("aid", {"aid": 1.0}, 9),
            ("boost", {"boost": 1.0}, 9),
        ]

    def test_file(self, levers, tmp_path):
        (tmp_path / "p.toml").write_text(
            '[package.short]\nlevers = ["aid"]\nstop = 5\n[package.mixed]\nlevers = { aid = 1, boost = 0.5 }\n'
            "parameters = { Strength = 3 }\n"
        )
        found = read_packages(tmp_path / "p.toml", levers, read_levers(levers.system), 1.0, 9.0)
        assert found == [
            Package("short", {"aid": 1.0}, 1.0, 5.0),
            Package("mixed", {"aid": 1.0, "boost": 0.5}, 1.0, 9.0, constants={"Strength": 3.0}),
        ]

    def test_all_mistakes_of_a_file(self, levers, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "p.toml").write_text(
            '[package.a]\nlevers = ["ade"]\nparameters = { Strengh = 3 }\n[package.b]\nlevers = { aid = 0 }\n'
            '[package.c]\nlevers = ["aid"]\nstop = 0\nwhen = 3\nparameters = { Strength = 7 }\n'
        )
        with pytest.raises(capdyn.ScenarioError) as error:
            from pathlib import Path

            read_packages(Path("p.toml"), levers, read_levers(levers.system), 1.0, 9.0)
        lines = str(error.value).splitlines()
        assert [line.split(": ", 1)[0] for line in lines] == [
            "p.toml:2:1",
            "p.toml:3:16",
            "p.toml:5:1",
            "p.toml:8:1",
            "p.toml:9:1",
            "p.toml:10:16",
        ]
        assert "no lever 'ade'" in lines[0] and "'Strengh' is not in the model" in lines[1]
        assert (
            "weights above zero" in lines[2] and "stop at 0" in lines[3] and "'when' is not a key" in lines[4]
        )
        assert "above its" in lines[5] or "outside its range" in lines[5]

    def test_one(self, levers):
        found = one_package("mine = aid, boost", read_levers(levers.system), 0, 9)
        assert found == Package("mine", {"aid": 1.0, "boost": 1.0}, 0, 9)
        with pytest.raises(capdyn.ArgumentError, match="is not a name and levers"):
            one_package("mine", read_levers(levers.system), 0, 9)
