"""Findings about small models: what each check says, word by word, and what it leaves alone."""

import numpy as np
import pytest

import capdyn
from capdyn.checks.case import Case
from capdyn.checks.check import CHECKS
from capdyn.checks.finding import SEVERITIES
from capdyn.checks.show import write_findings
from equations import mdl

# A model that nothing can be said against.
CLEAN = """
    Decay = 0.1 ~ 1/Year [0,1] ~ assumption: ten years. |
    Initial trust = 1 ~ Dmnl [0,1] ~ assumption: full. |
    Trust = INTEG(-Decay * Trust, Initial trust) ~ Dmnl [0,1] ~ How far firms rely on one another. |
    Lost trust = 1 - Trust ~ Dmnl ~ Output: what has gone. |
"""
TIMES = {"initial_time": "0 ~ Year ~ |", "time_step": "0.125 ~ Year ~ |"}


@pytest.fixture
def said(model):
    """A function from equations to the findings of some checks, without their places."""

    def check(equations: str, *kinds: str, **controls) -> list[str]:
        found = capdyn.check(model(equations, **{**TIMES, **controls}), kinds or None, draws=20)
        return [f"{finding.what} {finding.remedy}" for finding in found]

    return check


def test_a_clean_model(model):
    assert capdyn.check(model(CLEAN, **TIMES), set(KINDS) - {"step"}, draws=20) == []


KINDS = [row.kind for row in CHECKS]


def test_the_table():
    assert len(set(KINDS)) == len(KINDS)
    assert {row.severity for row in CHECKS} == set(SEVERITIES)


def test_units(said):
    assert said("a = 1 ~ Year ~ |\nb = EXP(a) ~ Dmnl ~ |", "units") == [
        "In 'EXP(a)', 'a' is in Year where Dmnl is needed. Divide it by a reference value in the same unit."
    ]


def test_units_that_the_settings_of_vensim_make_one(tmp_path):
    text = mdl("a = 1 ~ Firm ~ |\nb = a ~ Plants ~ |")
    settings = "\\\\\\---/// Sketch\nV300\n///---\\\\\\\n:L\x7f<%^E!@\n22:Firm,Firms,Plants\n"
    for name, end, count in (("plain", "", 1), ("told", settings, 0)):
        path = tmp_path / f"{name}.mdl"
        path.write_text(text + end)
        assert len(capdyn.check(capdyn.open_model(path), ["units"])) == count


@pytest.mark.parametrize(
    "constant, message",
    [
        ("a = 1 ~ Year ~ |", "The constant 'a' has no range. " + (ends := "Write [least,greatest] behind its unit: what it can be, not what it is believed to be.")),
        ("a = 1 ~ Year [0,?] ~ |", "The constant 'a' has no greatest value. " + ends),
        ("a = 1 ~ Year [?,2] ~ |", "The constant 'a' has no least value. " + ends),
        ("a = 3 ~ Year [0,2] ~ |", "'a' is 3, outside its range [0,2]. Correct the value, or widen the range."),
        ("a[R] = 1, 3 ~ Year [0,2] ~ |", "'a[y]' is 3, outside its range [0,2]. Correct the value, or widen the range."),
    ],
)  # fmt: skip
def test_ranges(said, constant, message):
    assert said(f"R: x, y ~ ~ |\n{constant}", "ranges") == [message]


def test_time_settings_need_no_range_and_no_comment(said):
    assert said("Trust = INTEG(0, 1) ~ Dmnl ~ What it is. |", "ranges", "words", "influence", "numbers") == [
        "No equation uses 'Trust'. Use it, remove it, or begin its comment with 'Output:'."
    ]


@pytest.mark.parametrize("comment", ["(004 s4.3)", "Seen (001 s1; 004 fn 17).", "assumption: half.", "assumption on the numbers.", "Cohen and Levinthal (1989)"])  # fmt: skip
def test_sources_that_count(tmp_path, comment):
    assert sources(tmp_path, comment) == []


@pytest.mark.parametrize("comment", ["", "A number.", "Of 004 firms.", "1989 (new)"])
def test_sources_that_do_not(tmp_path, comment):
    assert sources(tmp_path, comment) == ["The comment of the constant 'a' names no source."]


def sources(folder, comment: str) -> list[str]:
    (folder / "model.mdl").write_text(mdl(f"a = 1 ~ Dmnl ~ {comment} |"))
    (folder / "sources.bib").write_text("@article{001,\n}\n@article{004,\n  title = {On clusters},\n}\n")
    return [finding.what for finding in capdyn.check(capdyn.open_model(folder), ["sources"])]


def test_without_a_list_of_works_no_source_is_asked_for(said):
    assert said("a = 1 ~ Dmnl ~ |", "sources") == []


def test_influence(said):
    found = said(
        """
        Used = 1 ~ Dmnl ~ |
        Unused = 1 ~ Dmnl ~ An output? No: a constant. |
        Table((0,0),(1,1)) ~ Dmnl ~ |
        Own = INTEG(Own * Used, 1) ~ Dmnl ~ Only itself. |
        Index = Used ~ Dmnl ~ An indicator of use. |
        Employment = Used ~ Dmnl ~ Shown at the end of a run. |
        """,
        "influence",
    )
    assert found == [
        "No equation uses 'Unused'. Use it in an equation, or remove it.",
        "No equation uses 'Table'. Use it in an equation, or remove it.",
        "No equation uses 'Own'. Use it, remove it, or begin its comment with 'Output:'.",
    ]


def test_what_a_file_beside_the_model_names_is_an_output(tmp_path):
    (tmp_path / "model.mdl").write_text(mdl("a = Time ~ Dmnl ~ |\nb = Time ~ Dmnl ~ |"))
    (tmp_path / "evidence.toml").write_text('[[evidence]]\nvariable = "A[Home]"\n')
    assert [finding.variable for finding in capdyn.check(capdyn.open_model(tmp_path), ["influence"])] == ["b"]


def test_words(said):
    assert said("a = 1 ~ ~ |\nb = 1 ~ Year ~ |\nc = 1 ~ Year ~ What it is. |", "words") == [
        "'a' has no unit and no comment. Say what it means and in which unit it is (Dmnl for a plain number).",
        "'b' has no comment. Say what it means and in which unit it is (Dmnl for a plain number).",
    ]


@pytest.mark.parametrize(
    "equation, listed",
    [
        ("Time * 3", "the number 3"),
        ("Time * 3 + 3^0.5 - (-7)", "the numbers 3, 0.5, -7"),
        ("SMOOTH3(Time * 4, 5)", "the numbers 4, 5"),
        ("2.5e-7 * Time", "the number 2.5e-07"),
    ],
)
def test_numbers(said, equation, listed):
    assert said(f"a = {equation} ~ ~ |", "numbers") == [
        f"The equation of 'a' holds {listed}. Make it a constant with a name, a unit, a range and a source."
    ]


@pytest.mark.parametrize("equation", ["12", "Time^2 - 1 + 0", "SMOOTH3(Time, Time)", "-1 * Time", "IF THEN ELSE(Time > 1, :NA:, 0)"])  # fmt: skip
def test_numbers_that_may_stand(said, equation):
    assert said(f"a = {equation} ~ ~ |", "numbers") == []


@pytest.mark.parametrize(
    "one, other",
    [
        ("Skilled labour", "Skilled labor"),
        ("Micro firm", "Microfirms"),
        ("Utilisation", "Utilization rate\nUtilization"),
        ("Modelling effort", "Modeling effort"),
        ("Service centres", "Service center"),
        ("R&D", '"R & D"'),
    ],
)
def test_names(said, one, other):
    first = f'"{one}"' if "&" in one else one
    equations = [f"{name} = Time ~ Dmnl ~ |" for name in (first, *other.split("\n"))]
    (found,) = said("\n".join(equations), "names")
    assert found.startswith(f"The variables '{one}' (line 2) and ")
    assert found.endswith(" differ only in spelling. Rename one, or use a single variable.")


def test_names_that_differ_in_more(said):
    names = ["Stage 1", "Stage 2", "Firm entry", "Firm exit", "Press", "Pres", "Our", "Or"]
    assert said("\n".join(f"{name} = Time ~ Dmnl ~ |" for name in names), "names") == [
        "The variables 'Our' (line 8) and 'Or' differ only in spelling. Rename one, or use a single variable."
    ]


def test_names_of_units(said):
    equations = "a = 1 ~ Dollar/Firm ~ |\nb = 1 ~ 1/Firms ~ |\nc = 1 ~ Firms ~ |\nd = 1 ~ Dollars/Firm ~ |"
    assert said(equations, "names") == [
        "The units 'Firm' (line 2) and 'Firms' differ only in spelling. Write one of them everywhere."
    ]


DRAINED = """
    Outflow = 0.1 ~ 1/Year [0,2] ~ |
    Idle = 0.5 ~ Dmnl [0,1] ~ |
    Begin = 1 ~ Dmnl [1,1] ~ |
    Level = INTEG(-Outflow, Begin) ~ Dmnl [0,10] ~ |
    Free level = INTEG(-Outflow, Begin) ~ Dmnl ~ |
    Watch = Idle ~ Dmnl ~ |
"""


def test_negative_stocks_with_the_constants_that_do_it(model):
    opened = model(DRAINED, **TIMES)
    (found,) = capdyn.check(opened, ["negative"], draws=50, seed=3)
    outflow = Case(opened, 50, 3).sample["Outflow"]
    # 1 - 4 * outflow < 0; the time is the first save at which it is so
    low = np.flatnonzero(outflow * 4 > 1)
    first = outflow[low[0]]
    time = next(t for t in np.arange(0, 4.125, 0.125) if 1 - first * t < 0)
    assert found.what == (
        f"The stock 'Level' becomes negative in {len(low)} of 50 members over the ranges (seed 3), although its range "
        f"begins at 0; first in member {low[0]}, {1 - first * time:.4g} at time {time:g} with Outflow = {first:.6g}."
    )
    assert (found.variable, found.severity, found.where.line) == ("Level", "error", 5)


def test_runs_that_break(model):
    opened = model("Near = 1 ~ Dmnl [-1,1] ~ |\nIdle = 1 ~ Dmnl [0,1] ~ |\nroot = SQRT(Near + 0*Idle*Time) ~ Dmnl ~ |", **TIMES)  # fmt: skip
    near = Case(opened, 40, 0).sample["Near"]
    (found,) = capdyn.check(opened, ["finite"], draws=40)
    first = int(np.flatnonzero(near < 0)[0])
    assert found.what == (
        f"'root' stops being finite in 20 of 40 members over the ranges (seed 0); first in member {first}, at time 0 with "
        f"Near = {near[first]:.6g}."
    )
    assert found.remedy == (
        "A quarter of the step does not help. Look for a division by zero, LN, SQRT or a power in its equation, or "
        "narrow the ranges."
    )


def test_runs_that_a_shorter_step_mends(model):
    # By Euler at a step of 1, y becomes negative where Speed is above 1, and the root breaks.
    equations = """
        Speed = 0.5 ~ 1/Year [0.1,1.9] ~ |
        y = INTEG(-Speed * y, 1) ~ Dmnl ~ |
        root = y^0.5 ~ Dmnl ~ |
    """
    found = capdyn.check(model(equations), ["finite"], draws=40)
    assert [finding.remedy for finding in found] == [
        "Take a shorter TIME STEP: all of them run through at a quarter of the step."
    ]


def test_constants_outside_their_range_stay_as_they_are(said):
    equations = """
        Outflow = 3 ~ 1/Year [0,2] ~ |
        Level = INTEG(-Outflow, 1) ~ Dmnl [0,10] ~ |
    """
    (found,) = said(equations, "negative")
    assert found.startswith("The stock 'Level' becomes negative in ")


def test_constants_that_set_the_time_are_not_varied(model):
    opened = model("dt = 0.5 ~ Year [0.1,1] ~ |\nb = dt ~ Year ~ |", time_step="dt ~ Year ~ |")
    assert Case(opened).sample == {}
    assert capdyn.check(opened, ["finite", "negative"]) == []


def test_the_run_itself_breaks(said):
    (found, *_) = said("a = 1 / (Time - 2) ~ Dmnl ~ |", "finite")
    assert found.startswith("The run stopped being finite: 'a' is inf at time 2")


def test_the_same_seed_gives_the_same_draws_within_the_ranges(model):
    opened = model(DRAINED, **TIMES)
    one, same, other = (Case(opened, 100, seed).sample for seed in (1, 1, 2))
    assert list(one) == ["Outflow", "Idle", "Begin"]
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["Outflow"], other["Outflow"])
    # a Latin hypercube: one value in each hundredth of the range
    assert sorted(np.floor(one["Outflow"] / 2 * 100)) == list(range(100))
    assert (one["Begin"] == 1).all()


def test_half_a_step(said):
    equations = "Trust = INTEG(-Trust, 1) ~ Dmnl ~ |\nIdle = INTEG(0, 1) ~ Dmnl ~ |"
    assert said(equations, "step", time_step="0.5 ~ Year ~ |") == [
        # (1 - 1/2)^2 = 0.25 and (1 - 1/4)^4 = 0.316 at time 1
        "One variable moves by more than 0.1% when the step of 0.5 is halved (euler); most of all 'Trust', by 6.64% of "
        "its largest value at time 1. Take half the TIME STEP, or a method of higher order (rk4)."
    ]
    assert said(equations, "step", time_step="0.0005 ~ Year ~ |") == []


def test_draws_can_be_left_out(model):
    assert capdyn.check(model(DRAINED, **TIMES), ["negative", "finite"], draws=0) == []


def test_worst_first_and_by_line(model):
    found = capdyn.check(model("a = 1 ~ ~ |\nb = 1 ~ ~ |\nc = EXP(TIME STEP) ~ Dmnl ~ |", **TIMES), draws=0)
    assert [(f.severity, f.kind, f.where.line) for f in found] == [
        ("error", "units", 4),
        ("warning", "ranges", 2),
        ("warning", "ranges", 3),
        ("warning", "influence", 2),
        ("warning", "influence", 3),
        ("warning", "influence", 4),
        ("note", "words", 2),
        ("note", "words", 3),
        ("note", "words", 4),
    ]


def test_progress(model):
    told = []
    capdyn.check(model(CLEAN, **TIMES), ["ranges", "units"], progress=lambda *step: told.append(step))
    assert told == [(0, 2, "units that do not fit"), (1, 2, "constants without range, or outside it")]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"only": ["xyz"]}, f"There is no check 'xyz'. Checks are {', '.join(KINDS)}."),
        ({"only": []}, f"No check is named. Checks are {', '.join(KINDS)}."),
        ({"draws": -1}, "draws and seed are -1 and 0. Neither can be negative."),
    ],
)
def test_mistakes(model, arguments, message):
    with pytest.raises(capdyn.ArgumentError) as error:
        capdyn.check(model(CLEAN), **arguments)
    assert str(error.value) == message


def test_text():
    findings = [
        capdyn.Finding(
            "units", "a", capdyn.errors.Where("m.mdl", 3, 1), "It does not fit.", "Mend it.", "error"
        ),
        capdyn.Finding("words", "b", None, "It says nothing.", "Say it.", "note"),
        capdyn.Finding("numbers", "b", None, "It holds 7.", "Name it.", "note"),
    ]
    assert write_findings(findings) == (
        "Errors\n  units  m.mdl:3:1: It does not fit.\n         Mend it.\n\n"
        "Notes\n  words    It says nothing.\n           Say it.\n  numbers  It holds 7.\n           Name it.\n\n"
        "3 findings: 1 error, 2 notes.\n"
    )
    assert write_findings([]) == "Nothing found.\n"


def test_circles(said):
    """A note for each circle of first values; an error of the run beside it where no numbers agree."""
    at_rest = "s = INTEG(g - s/2, r) ~ ~ |\ng = 3*s^0.5 ~ ~ |\nr = 2*g ~ ~ |"
    (found,) = said(at_rest, "circles")
    assert found.startswith(
        "First values need one another: 's' (line 2) -> 'r' (line 4) -> 'g' (line 3) -> 's' (line 2). "
    )
    assert "'s' begins at 36." in found
    none = "a = INTEG(1, b) ~ ~ |\nb = INTEG(1, a + 1) ~ ~ |"
    (found,) = said(none, "circles")
    assert "No numbers were found that agree." in found
    assert len(said(none, "circles", "finite")) == 2
    assert said("s = INTEG(1, 0) ~ ~ |", "circles") == []
