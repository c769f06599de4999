"""Scenarios: what a TOML file or the arguments of a call change in a model, and what a mistake in them is told."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import capdyn
from capdyn.run.scenario import locate, names, resolve
from capdyn.run.toml_places import places

PLAIN = st.text(st.characters(max_codepoint=0x7E))  # what JSON and TOML write alike

EQUATIONS = """
    Region: Home, Neighbour, Core ~ ~ |
    Channel: local market, export bulk ~ ~ |
    Lever: network_broker, service_centres ~ ~ |
    Lever intensity[Lever,Region] = 0 ~ Dmnl [0,1] ~ |
    Lever start[Lever] = 0 ~ Year [0,100] ~ |
    Lever stop[Lever] = 100 ~ Year [0,100] ~ |
    Demand growth = 0.01 ~ 1/Year [-0.1,0.2] ~ |
    Demand shock size[Channel] = 0 ~ Dmnl [-1,?] ~ |
    Demand shock time = 0 ~ Year ~ |
    Novelty decay[Region] = 0.1, 0.2, 0.3 ~ 1/Year [0,1] ~ |
    "R&D share" = 0.02 ~ Dmnl [?,0.5] ~ |
    Trust[Region] = INTEG(-Novelty decay[Region] * Trust[Region], 0.5) ~ Dmnl [0,1] ~ |
    Twice decay[Region] = 2 * Novelty decay[Region] ~ 1/Year ~ |
"""


@pytest.fixture
def opened(model):
    return model(EQUATIONS)


@pytest.fixture
def write(tmp_path):
    """Writes scenarios beside the model and returns its folder."""

    def files(**texts: str) -> Path:
        folder = tmp_path / "scenarios"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return files


def messages(opened, folder: Path | None = None, scenario="x", **arguments) -> list[str]:
    """What a wrong scenario is told, one message a problem, without the folder's path."""
    with pytest.raises(capdyn.ScenarioError) as caught:
        resolve(opened.system, scenario, folder, **arguments)
    home = str(opened.path.parent)
    return [str(p).replace(f"{home}/scenarios/", "").replace(f"{home}/", "") for p in caught.value.problems]


class TestMeaning:
    def test_no_scenario_changes_nothing(self, opened):
        settings = resolve(opened.system)
        assert (settings.name, settings.why, settings.parameters, settings.initial) == ("model", "", {}, {})
        assert (settings.time, settings.method) == ({}, None)

    def test_empty_file(self, opened, write):
        settings = resolve(opened.system, "baseline", write(baseline=""))
        assert settings.name == "baseline"
        assert settings.parameters == {}

    def test_lever_sets_its_three_constants_in_the_first_region(self, opened, write):
        text = "[levers.network_broker]\nintensity = 0.6\nstart = 5\nstop = 20\n"
        parameters = resolve(opened.system, "x", write(x=text)).parameters
        np.testing.assert_array_equal(parameters["lever intensity"], [[0.6, 0, 0], [0, 0, 0]])
        np.testing.assert_array_equal(parameters["lever start"], [5, 0])
        np.testing.assert_array_equal(parameters["lever stop"], [20, 100])

    def test_lever_in_another_region(self, opened):
        lever = {"network broker": {"intensity": 1, "region": "core"}}
        parameters = resolve(opened.system, {"levers": lever}).parameters
        np.testing.assert_array_equal(parameters["lever intensity"], [[0, 0, 1], [0, 0, 0]])

    @pytest.mark.parametrize(
        "name, value, expected",
        [
            ("Demand growth", 0.02, 0.02),
            ("demand_GROWTH ", 0.02, 0.02),
            ('"R&D share"', 0.1, None),
            ("Novelty decay", 0.5, [0.5, 0.5, 0.5]),
            ("Novelty decay[Home]", 0.5, [0.5, 0.2, 0.3]),
            ("Novelty decay[*]", 0.5, [0.5, 0.5, 0.5]),
            ("novelty_decay[ region ]", 0.5, [0.5, 0.5, 0.5]),
            ("Novelty decay", {"Home": 0.5, "core": 0.6}, [0.5, 0.2, 0.6]),
            ("Novelty decay", [0.5, 0.6, 0.7], [0.5, 0.6, 0.7]),
            ("Novelty decay", np.array([0.5, 0.6, 0.7]), [0.5, 0.6, 0.7]),
            ("Lever intensity[service centres, Home]", 1, [[0, 0, 0], [1, 0, 0]]),
            ("Lever intensity[*,Core]", 1, [[0, 0, 1], [0, 0, 1]]),
            ("Lever intensity[network_broker,Region]", 1, [[1, 1, 1], [0, 0, 0]]),
            ("Lever intensity", {"network_broker, Core": 1, "*, Home": 0.5}, [[0.5, 0, 1], [0.5, 0, 0]]),
        ],
    )
    def test_forms_of_a_parameter(self, opened, name, value, expected):
        parameters = resolve(opened.system, parameters={name: value}).parameters
        (found,) = parameters.values()
        np.testing.assert_array_equal(found, 0.1 if expected is None else expected)

    def test_only_what_differs_from_the_file_is_a_parameter(self, opened):
        settings = resolve(opened.system, parameters={"Demand growth": 0.01, "Novelty decay[Home]": 0.1})
        assert settings.parameters == {}
        assert '"Demand growth" = 0.01' in settings.text  # but it is said that it was set

    def test_single_elements_win_over_whole_arrays_in_whatever_order(self, opened):
        given_first = {"Novelty decay[Home]": 0.9, "Novelty decay": 0.5}
        parameters = resolve(opened.system, {"parameters": given_first}).parameters
        np.testing.assert_array_equal(parameters["novelty decay"], [0.9, 0.5, 0.5])

    def test_initial_values_of_stocks(self, opened):
        settings = resolve(opened.system, {"initial": {"Trust[Core]": 0.9}}, initial={"trust[home]": 0.1})
        assert settings.initial == {"trust": {(2,): 0.9, (0,): 0.1}}

    def test_shock(self, opened, write):
        text = '[shocks."demand shock"]\nsize = { "export bulk" = -0.5 }\ntime = 10\n'
        parameters = resolve(opened.system, "x", write(x=text)).parameters
        np.testing.assert_array_equal(parameters["demand shock size"], [0, -0.5])
        assert parameters["demand shock time"] == 10

    def test_time_settings(self, opened, write):
        text = '[time]\ninitial = 1\nfinal = 9\nstep = 0.5\nsaveper = 2\nmethod = "RK4"\n'
        settings = resolve(opened.system, "x", write(x=text))
        assert settings.time == {"initial time": 1, "final time": 9, "time step": 0.5, "saveper": 2}
        assert settings.method == "rk4"
        assert settings.parameters["time step"] == 0.5  # equations may use it
        assert "saveper" not in settings.parameters  # TIME STEP in this model, not a constant

    def test_time_step_as_a_parameter_is_the_time_step(self, opened):
        assert resolve(opened.system, parameters={"TIME STEP": 0.25}).time == {"time step": 0.25}

    def test_step_and_method_of_the_call_come_last(self, opened):
        scenario = {"time": {"step": 0.5, "method": "rk4"}}
        settings = resolve(opened.system, scenario, step=0.25, method="Euler")
        assert (settings.time, settings.method) == ({"time step": 0.25}, "euler")

    def test_inputs_are_not_changed(self, opened):
        scenario = {"parameters": {"Novelty decay": {"Home": 0.5}}, "levers": {}}
        resolve(opened.system, scenario, parameters={"Novelty decay": 0.1})
        assert scenario == {"parameters": {"Novelty decay": {"Home": 0.5}}, "levers": {}}

    def test_a_run_uses_it(self, opened):
        run = capdyn.simulate(opened, {"initial": {"Trust[Home]": 1.0}, "parameters": {"Novelty decay": 0.5}})
        np.testing.assert_allclose(run["Trust"].sel(Region="Home"), [1, 0.5, 0.25, 0.125, 0.0625])
        assert run.attrs["scenario"] == "custom"


class TestInheritance:
    def test_later_overrides_earlier_key_by_key(self, opened, write):
        folder = write(
            grandparent='why = "old"\n[parameters]\n"Demand growth" = 0.02\n"R&D share" = 0.3\n',
            parent='inherits = "grandparent"\n[parameters]\n"demand growth" = 0.03\n[time]\nstep = 0.5\n',
            child='inherits = "parent"\nwhy = "new"\n[parameters]\n"Novelty decay" = { Home = 0.4 }\n',
        )
        settings = resolve(opened.system, "child", folder)
        assert (settings.name, settings.why) == ("child", "new")
        assert settings.parameters["demand growth"] == 0.03
        assert settings.parameters["r&d share"] == 0.3
        assert settings.time == {"time step": 0.5}
        np.testing.assert_array_equal(settings.parameters["novelty decay"], [0.4, 0.2, 0.3])

    def test_a_sentence_is_not_inherited(self, opened, write):
        folder = write(parent='why = "mine"', child='inherits = "parent"')
        assert resolve(opened.system, "child", folder).why == ""

    def test_an_array_of_the_child_covers_an_element_of_the_parent(self, opened, write):
        folder = write(
            parent='[parameters]\n"Novelty decay[Home]" = 0.9\n',
            child='inherits = "parent"\n[parameters]\n"Novelty decay" = 0.5\n',
        )
        parameters = resolve(opened.system, "child", folder).parameters
        np.testing.assert_array_equal(parameters["novelty decay"], [0.5, 0.5, 0.5])

    def test_a_lever_is_one_thing_and_moves_as_a_whole(self, opened, write):
        folder = write(
            parent="[levers.network_broker]\nintensity = 0.6\nstart = 5\n",
            child='inherits = "parent"\n[levers.network_broker]\nstop = 20\nregion = "Core"\n',
        )
        parameters = resolve(opened.system, "child", folder).parameters
        np.testing.assert_array_equal(parameters["lever intensity"], [[0, 0, 0.6], [0, 0, 0]])
        assert (parameters["lever start"][0], parameters["lever stop"][0]) == (5, 20)

    def test_a_lever_of_the_child_wins_over_a_parameter_of_the_parent(self, opened, write):
        folder = write(
            parent='[parameters]\n"Lever intensity[network_broker,Home]" = 0.1\n',
            child='inherits = "parent"\n[levers.network_broker]\nintensity = 0.6\n',
        )
        settings = resolve(opened.system, "child", folder)
        assert settings.parameters["lever intensity"][0, 0] == 0.6
        assert "parameters" not in settings.text

    def test_cases_inherit_from_scenarios(self, opened, write, tmp_path):
        folder = write(baseline='[parameters]\n"Demand growth" = 0.02\n')
        (tmp_path / "cases").mkdir()
        (tmp_path / "cases" / "prato.toml").write_text('inherits = "baseline"\n')
        assert names(folder) == ["baseline", "cases/prato"]
        settings = resolve(opened.system, "cases/prato", folder)
        assert settings.name == "prato"
        assert settings.parameters["demand growth"] == 0.02

    @pytest.mark.parametrize("files, message", [
        (
            {"a": 'inherits = "b"', "b": 'inherits = "c"', "c": '\ninherits = "a"'},
            "c.toml:2:1: Scenarios inherit from one another in a circle: a -> b -> c -> a. "
            "Let one of them inherit from nothing.",
        ),
        (
            {"a": 'inherits = "a"'},
            "a.toml:1:1: Scenarios inherit from one another in a circle: a -> a. "
            "Let one of them inherit from nothing.",
        ),
        (
            {"a": 'why = "x"\ninherits = "basline"', "baseline": ""},
            "a.toml:2:1: There is no scenario 'basline' to inherit from. Did you mean 'baseline'?",
        ),
        (
            {"a": 'inherits = "xyz"', "baseline": ""},
            "a.toml:1:1: There is no scenario 'xyz' to inherit from. The scenarios are baseline, a.",
        ),
    ], ids=["circle of three", "itself", "missing, near", "missing, far"])  # fmt: skip
    def test_what_cannot_be_inherited(self, opened, write, files, message):
        assert messages(opened, write(**files), "a") == [message]


class TestNames:
    def test_by_name_path_and_mapping(self, opened, write):
        folder = write(fast_track='[parameters]\n"Demand growth" = 0.02\n')
        path = folder / "scenarios" / "fast_track.toml"
        same = {"parameters": {"Demand growth": 0.02}}
        texts = {
            resolve(opened.system, s, folder).text
            for s in ("fast_track", "Fast track", path, str(path), same)
        }
        assert texts == {'[parameters]\n"Demand growth" = 0.02\n'}

    def test_no_folder_no_names(self):
        assert names(None) == []

    @pytest.mark.parametrize("scenario, message", [
        ("basline", "There is no scenario 'basline'. Did you mean 'baseline'?"),
        ("xyz", "There is no scenario 'xyz'. The scenarios are baseline."),
        ("gone.toml", "There is no scenario file 'gone.toml'. The scenarios are baseline."),
        (3, "scenario: 3 is no scenario. Give a name, a path to a .toml file, or a mapping."),
    ])  # fmt: skip
    def test_not_there(self, opened, write, scenario, message):
        assert messages(opened, write(baseline=""), scenario) == [message]

    def test_not_there_without_a_folder(self, opened):
        expected = "There is no scenario 'baseline'. There is none beside the model."
        assert messages(opened, None, "baseline") == [expected]

    def test_locate(self, opened):
        assert locate(opened.system, "demand growth") == ("demand growth", [0])
        assert locate(opened.system, "Lever intensity[service_centres,*]") == ("lever intensity", [3, 4, 5])
        with pytest.raises(capdyn.ScenarioError, match=r"^parameters: 'Trst' is not in the model\."):
            locate(opened.system, "Trst")


# name, text of x.toml, the messages
MISTAKES = [
    (
        "unknown lever",
        "[levers.network_borker]\nintensity = 0.6",
        ["x.toml:1:9: There is no lever 'network_borker'. Did you mean 'network_broker'?"],
    ),
    (
        "unknown lever, nothing like it",
        "levers.subsidy.intensity = 0.6",
        ["x.toml:1:8: There is no lever 'subsidy'. The elements of Lever are network_broker, service_centres."],
    ),
    (
        "unknown region",
        '[levers.network_broker]\nintensity = 1\nregion = "Hme"',
        ["x.toml:3:1: There is no region 'Hme'. Did you mean 'Home'?"],
    ),
    (
        "lever outside its range",
        "[levers]\nnetwork_broker = { start = 1, intensity = 1.5 }",
        [
            "x.toml:2:31: 'Lever intensity[network_broker,Home]' is 1.5, outside its range 0 to 1. "
            "Give a value within it, or change the range in model.mdl:5:1."
        ],
    ),
    (
        "lever that stops before it starts",
        "[levers.network_broker]\nintensity = 1\nstart = 20\nstop = 5",
        ["x.toml:4:1: Lever 'network_broker' starts at 20 and stops at 5. Let it stop after it starts."],
    ),
    (
        "unknown key of a lever",
        "[levers.network_broker]\nintensty = 1",
        ["x.toml:2:1: 'intensty' is not a key of [levers.network_broker]. Did you mean 'intensity'?"],
    ),
    (
        "unknown parameter",
        '[parameters]\n"Demand grwth" = 0.02',
        ["x.toml:2:1: 'Demand grwth' is not in the model. "
         "Did you mean 'Demand growth', 'Demand shock time' or 'Demand shock size'?"],
    ),
    (
        "unknown parameter, nothing like it",
        "[parameters]\nxyz = 0.02",
        ["x.toml:2:1: 'xyz' is not in the model. `capdyn info` lists all names."],
    ),
    (
        "above the range",
        '[parameters]\n"Demand growth" = 2',
        ["x.toml:2:1: 'Demand growth' is 2, outside its range -0.1 to 0.2. "
         "Give a value within it, or change the range in model.mdl:8:1."],
    ),
    (
        "below an open range",
        '[parameters]\n"Demand shock size" = { "export bulk" = -2 }',
        ["x.toml:2:1: 'Demand shock size[export bulk]' is -2, below its least value -1. "
         "Give a value within it, or change the range in model.mdl:9:1."],
    ),
    (
        "above an open range",
        '[parameters]\n"R&D share" = 0.6',
        ["x.toml:2:1: 'R&D share' is 0.6, above its greatest value 0.5. "
         "Give a value within it, or change the range in model.mdl:12:1."],
    ),
    (
        "unknown element",
        '[parameters]\n"Novelty decay[Hme]" = 0.1',
        ["x.toml:2:1: 'Hme' is not an element of 'Region', by which 'Novelty decay' is subscripted. "
         "Did you mean 'Home'?"],
    ),
    (
        "unknown element in a table",
        '[parameters]\n"Novelty decay" = { xyz = 0.1 }',
        ["x.toml:2:1: 'xyz' is not an element of 'Region', by which 'Novelty decay' is subscripted. "
         "The elements of Region are Home, Neighbour, Core."],
    ),
    (
        "too many subscripts",
        '[parameters]\n"Novelty decay[Home,Core]" = 0.1',
        ["x.toml:2:1: 'Novelty decay[Home,Core]' has 2 subscripts and needs 1. "
         "Write Novelty decay[Region] with an element or * in each place, or 'Novelty decay' alone for all."],
    ),
    (
        "subscript of a number",
        '[parameters]\n"Demand growth[Home]" = 0.1',
        ["x.toml:2:1: 'Demand growth' has no subscripts. Write 'Demand growth' alone."],
    ),
    (
        "bracket not closed",
        '[parameters]\n"Novelty decay[Home" = 0.1',
        ["x.toml:2:1: 'Novelty decay[Home' is not a name. Write it as Name[Element,Element]."],
    ),
    (
        "subscripts and a table",
        '[parameters]\n"Novelty decay[Home]" = { Home = 0.1 }',
        ["x.toml:2:1: 'Novelty decay[Home]' is given a table or an array. "
         "Give it a number, or the table to 'Novelty decay'."],
    ),
    (
        "set twice",
        '[parameters]\n"Novelty decay[Home]" = 0.1\n"novelty decay[home]" = 0.2',
        ["x.toml:3:1: 'novelty decay[home]' sets the same as 'Novelty decay[Home]'. Remove one of them."],
    ),
    (
        "something computed",
        '[parameters]\n"Twice decay" = 1',
        ["x.toml:2:1: 'Twice decay' is computed by an equation; only constants can be set. "
         '`capdyn info MODEL --variable "Twice decay"` shows what it is computed from.'],
    ),
    (
        "a stock among the parameters",
        "[parameters]\nTrust = 1",
        ["x.toml:2:1: 'Trust' is a stock. Set its first value in [initial]."],
    ),
    (
        "a constant among the stocks",
        '[initial]\n"Novelty decay" = 1',
        ["x.toml:2:1: 'Novelty decay' is a constant, not a stock. Set it in [parameters]."],
    ),
    (
        "first value outside the stock's range",
        '[initial]\n"Trust[Home]" = 1.5',
        ["x.toml:2:1: 'Trust[Home]' is 1.5, outside its range 0 to 1. "
         "Give a value within it, or change the range in model.mdl:13:1."],
    ),
    (
        "a text for a number",
        '[parameters]\n"Demand growth" = "high"',
        ["x.toml:2:1: 'Demand growth' in [parameters] must be a number, not the text 'high'."],
    ),
    (
        "true for a number",
        '[parameters]\n"Demand growth" = true',
        ["x.toml:2:1: 'Demand growth' in [parameters] must be a number, not true."],
    ),
    (
        "a list for an array",
        '[parameters]\n"Novelty decay" = [0.1, 0.2, 0.3]',
        ["x.toml:2:1: 'Novelty decay' in [parameters] must be a number, not a list."],
    ),
    (
        "a text in a table",
        '[parameters]\n"Novelty decay" = { Home = "high" }',
        ["x.toml:2:1: 'Novelty decay' in [parameters] has 'Home', which must be a number, not the text 'high'."],
    ),
    (
        "infinity",
        "[levers.network_broker]\nstop = inf",
        ["x.toml:2:1: 'stop' in [levers.network_broker] must be a finite number, not inf."],
    ),
    (
        "unknown shock",
        '[shocks."Demand shok"]\nsize = 1',
        ["x.toml:2:1: There is no shock 'Demand shok': there is no constant 'Demand shok size'. "
         "Did you mean 'Demand shock' or 'Demand'?"],
    ),
    (
        "unknown key of a shock",
        '[shocks."Demand shock"]\nsise = 1',
        ["x.toml:2:1: 'Demand shock' has no 'sise': there is no constant 'Demand shock sise'. "
         "Did you mean 'size' or 'time'?"],
    ),
    (
        "unknown section",
        "[parameter]\nx = 1",
        ["x.toml:1:2: 'parameter' is not a key of a scenario. Did you mean 'parameters'?"],
    ),
    (
        "no section",
        '"Demand growth" = 0.02',
        ["x.toml:1:1: 'Demand growth' is not a key of a scenario. "
         "Its keys are inherits, why, levers, parameters, initial, shocks, time."],
    ),
    (
        "a number for a table",
        "levers = 3",
        ["x.toml:1:1: 'levers' must be a table, not 3."],
    ),
    (
        "a number for a text",
        "why = 3",
        ["x.toml:1:1: 'why' must be a text in quotes, not 3."],
    ),
    (
        "unknown method",
        '[time]\nmethod = "rk5"',
        ["x.toml:2:1: Method 'rk5' is not known. Choose one of euler, rk2, rk4, lsoda, radau, bdf, dop853, rk45."],
    ),
    (
        "impossible times",
        "[time]\ninitial = 9\nfinal = 5\nstep = 0",
        ["x.toml:4:1: The run would end at 5, before it begins at 9. Set `final` after `initial`.",
         "x.toml:4:1: The time step is 0. It must be positive."],
    ),
    (
        "no TOML: a name without quotes",
        'why = "x"\n[parameters]\nDemand growth = 0.02',
        ["x.toml:3:8: This is not TOML: Expected '=' after a key in a key/value pair. "
         'Put names with spaces or brackets in quotes: "Demand growth" = 0.02'],
    ),
    (
        "no TOML: a decimal comma",
        '[parameters]\n"Demand growth" = 0,02',
        ["x.toml:2:20: This is not TOML: Expected newline or end of document after a statement."],
    ),
    (
        "no TOML: it just ends",
        'why = "x"\n[parameters]\n"Demand growth" =',
        ["x.toml:3: This is not TOML: Invalid value. "
         'Write numbers as 0.5 and texts in quotes: why = "..."'],
    ),
]  # fmt: skip


class TestMistakes:
    @pytest.mark.parametrize("text, expected", [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
    def test_message(self, opened, write, text, expected):
        assert messages(opened, write(x=text)) == expected

    def test_all_at_once_file_by_file_and_line_by_line(self, opened, write):
        folder = write(
            parent="[parameters]\nxyz = 1\n[initial]\nTrust = 2\n",
            x='inherits = "parent"\nhwy = "x"\n[levers.subsidy]\nstrt = 1\n[parameters]\n"Demand growth" = true\n',
        )
        found = messages(opened, folder, step=3, parameters={"abc": 1})
        assert [message.split(": ")[0] for message in found] == [
            "x.toml:2:1",
            "x.toml:3:9",
            "x.toml:4:1",
            "x.toml:6:1",
            "parent.toml:2:1",
            "parent.toml:4:1",
            "parameters",
        ]

    @pytest.mark.parametrize("arguments, expected", [
        ({"parameters": {"Demand grow": 1}}, "parameters: 'Demand grow' is not in the model. "
         "Did you mean 'Demand growth', 'Demand shock time' or 'Demand shock size'?"),
        ({"parameters": {"Demand growth": "x"}},
         "parameters: 'Demand growth' in [parameters] must be a number, not the text 'x'."),
        ({"parameters": {"Demand growth": np.True_}},
         "parameters: 'Demand growth' in [parameters] must be a number, not true."),
        ({"parameters": {"Novelty decay": [1, 2]}}, "parameters: 'Novelty decay' is given an array of shape (2,) "
         "and has shape (3,). Its dimensions are Region."),
        ({"parameters": {"Novelty decay": [1, 2, np.nan]}},
         "parameters: 'Novelty decay' in [parameters] must hold finite numbers only."),
        ({"initial": {"Trust": 3}}, "initial: 'Trust[Home]' is 3, outside its range 0 to 1. "
         "Give a value within it, or change the range in model.mdl:13:1."),
        ({"scenario": {"levers": {"broker": {}}}},
         "scenario: There is no lever 'broker'. Did you mean 'network_broker'?"),
        ({"step": "x"}, "step: 'step' in [time] must be a number, not the text 'x'."),
    ])  # fmt: skip
    def test_arguments_have_no_line(self, opened, arguments, expected):
        assert messages(opened, **{"scenario": None, **arguments}) == [expected]

    def test_model_without_levers(self, model):
        opened = model("x = 1")
        with pytest.raises(capdyn.ScenarioError) as caught:
            resolve(opened.system, {"levers": {"network_broker": {"intensity": 1}}})
        expected = "scenario: The model 'model' has no levers. Set its constants in [parameters]."
        assert str(caught.value).replace(f"'{opened.name}'", "'model'") == expected

    LEVERS = "Lever: a, b ~ ~ |\nLever intensity[Lever] = 0\nLever start = 0"

    def test_levers_without_regions(self, model):
        opened = model(self.LEVERS)
        settings = resolve(opened.system, {"levers": {"b": {"intensity": 1, "start": 2}}})
        np.testing.assert_array_equal(settings.parameters["lever intensity"], [0, 1])
        assert settings.parameters["lever start"] == 2
        assert settings.text == "[levers.b]\nintensity = 1.0\nstart = 2.0\n"
        with pytest.raises(
            capdyn.ScenarioError, match=r"^scenario: The levers of '.*' have no region\. Leave"
        ):
            resolve(opened.system, {"levers": {"b": {"intensity": 1, "region": "Home"}}})
        with pytest.raises(capdyn.ScenarioError, match=r"^scenario: 'Lever stop' is not in the model\."):
            resolve(opened.system, {"levers": {"b": {"stop": 5}}})

    def test_time_step_outside_its_range(self, model):
        opened = model("x = 1", time_step="1 ~ Year [0,2] ~ |")
        with pytest.raises(capdyn.ScenarioError) as caught:
            resolve(opened.system, {"time": {"step": 3, "saveper": 0}})
        first, second = (str(problem) for problem in caught.value.problems)
        assert first.startswith("scenario: 'TIME STEP' is 3, outside its range 0 to 2. ")
        assert second == "scenario: SAVEPER is 0. It must be positive."

    def test_a_folder_with_the_name_of_a_scenario(self, opened, write):
        folder = write()
        (folder / "scenarios" / "x.toml").mkdir()
        assert messages(opened, folder) == [
            "x.toml: The scenario cannot be read: Is a directory. Check the file."
        ]

    def test_not_text(self, opened, write):
        folder = write(x="")
        (folder / "scenarios" / "x.toml").write_bytes(b'why = "\xff"')
        assert messages(opened, folder) == ["x.toml: The scenario is not text in UTF-8. Save it as UTF-8."]

    def test_byte_order_mark_of_windows_editors(self, opened, write):
        folder = write(x="")
        (folder / "scenarios" / "x.toml").write_bytes(
            '\ufeff[parameters]\r\n"Demand growth" = 0.02\r\n'.encode()
        )
        assert resolve(opened.system, "x", folder).parameters["demand growth"] == 0.02


class TestText:
    """The resolved scenario as TOML: what a Dataset carries."""

    TEXT = """\
why = "It's \\"said\\""

[levers.network_broker]
intensity = 0.6
start = 5.0
region = "Core"

[levers.service_centres]
intensity = 0.1
region = "Home"

[parameters]
"Demand growth" = 0.02
"Novelty decay[Home]" = 0.4
"R&D share" = 0.1

[initial]
"Trust" = 0.4

[shocks."Demand shock"]
size = { "export bulk" = -0.5 }
time = 10.0

[time]
final = 9.0
step = 0.5
method = "rk4"
"""

    def test_reading_it_again_gives_the_same(self, opened):
        settings = resolve(opened.system, tomllib.loads(self.TEXT))
        assert settings.text == self.TEXT

    def test_order_and_spelling_do_not_matter(self, opened):
        scenario = tomllib.loads(self.TEXT)
        turned = {section: scenario[section] for section in reversed(scenario)}
        turned["parameters"] = {"r&d_share": 0.1, "novelty decay": {"home": 0.4}, "DEMAND GROWTH": 0.02}
        turned["levers"] = {name: scenario["levers"][name] for name in reversed(scenario["levers"])}
        assert resolve(opened.system, turned).text == self.TEXT

    def test_arguments_are_in_it(self, opened):
        settings = resolve(opened.system, None, None, {"Demand growth": 0.02}, {"Trust[Home]": 1}, 0.5, "rk4")
        assert settings.text == (
            '[parameters]\n"Demand growth" = 0.02\n\n[initial]\n"Trust[Home]" = 1.0\n\n'
            '[time]\nstep = 0.5\nmethod = "rk4"\n'
        )

    def test_of_the_regional_scenarios(self, regional):
        assert regional.scenarios
        for name in regional.scenarios:
            once = resolve(regional.system, name, regional.folder)
            again = resolve(regional.system, tomllib.loads(once.text), regional.folder)
            assert again.text == once.text
            assert again.parameters.keys() == once.parameters.keys()
            for key, values in once.parameters.items():
                np.testing.assert_array_equal(again.parameters[key], values)


class TestPlaces:
    """Lines and columns of keys, which `tomllib` does not tell."""

    @pytest.mark.parametrize("text, path, place", [
        ("a = 1\nb = 2", ("b",), (2, 1)),
        ("[x]\n  b = 2", ("x", "b"), (2, 3)),
        ("[ x . 'y z' ]\nb = 2", ("x", "y z", "b"), (2, 1)),
        ('[x."y.z"]\nb = 2', ("x", "y.z"), (1, 4)),
        ("x.y.b = 2", ("x", "y", "b"), (1, 5)),
        ("x = { y = { b = 2 }, c = 3 }", ("x", "c"), (1, 22)),
        ("x = [\n  1, # ] no end\n  2,\n]\nb = 2", ("b",), (5, 1)),
        ('x = """\nb = 1\n"quoted\\""""\nb = 2', ("b",), (4, 1)),
        ("x = '''\nb = 1'''\nb = 2", ("b",), (3, 1)),
        ('x = "a # b = [" # b = 1\nb = 2', ("b",), (2, 1)),
        ('"caf\\u00e9" = 1', ("café",), (1, 1)),
        ("[[x]]\na = 1\n[[x]]\nb = 2", ("x", "b"), (4, 1)),
    ])  # fmt: skip
    def test_place(self, text, path, place):
        tomllib.loads(text)
        assert places(text)[path] == place

    @given(st.dictionaries(PLAIN.filter(bool), st.integers() | PLAIN | st.lists(PLAIN), min_size=1))
    def test_every_key_is_found_whatever_the_text(self, table):
        text = "\n".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in table.items())
        assert tomllib.loads(text) == table
        assert set(places(text)) == {(name,) for name in table}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[time]\nfinal = 1{'0' * 400}\n", "'final' in [time] must be a number below 1e308."),
        (f"[time]\nfinal = 1{'0' * 5000}\n", "has a number of thousands of digits"),
        (f"why = {'[' * 5000}{']' * 5000}\n", "nested too deeply"),
        ("[time]\nfinal = 100000000000000000000\nstep = 'x'\n", "'step' in [time] must be a number"),
    ],
    ids=["400 digits", "5,000 digits", "5,000 brackets", "20 digits"],
)
def test_numbers_and_tables_beyond_all_measure(tmp_path, model, text, message):
    (tmp_path / "big.toml").write_text(text)
    with pytest.raises(capdyn.ScenarioError) as caught:
        capdyn.simulate(model("Stock = INTEG(1, 0)"), tmp_path / "big.toml")
    assert message in str(caught.value)
