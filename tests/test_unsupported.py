"""What is not supported is said before the run, each with its line and a way round."""

import pytest

import capdyn
from capdyn.lang.functions import UNSUPPORTED
from capdyn.read.vensim import STRUCTURES
from equations import ROOT, mdl

# Rows that other forms lead to: files that are read at once, data without numbers, and what only XMILE writes.
NO_FUNCTION = {"data", "get data", "get lookups", "get constants", "integ non negative", "external model"}


def refused(path) -> capdyn.ModelError:
    with pytest.raises(capdyn.ModelError) as caught:
        capdyn.open_model(path)
    return caught.value


@pytest.mark.parametrize("name", sorted(set(UNSUPPORTED) - NO_FUNCTION))
def test_functions(tmp_path, name):
    path = tmp_path / "m.mdl"
    arguments = ", ".join(["a"] * STRUCTURES.get(name, (1,))[0])
    path.write_text(mdl(f"a = 1\nx = 1 +\\\n {name.upper()}({arguments})").replace("\\ ~ ~ |\n", "\\\n"))
    (problem,) = refused(path).problems
    assert problem.what == f"{name.upper()} is not supported by this version."
    assert (problem.where.line, problem.remedy) == (4, UNSUPPORTED[name])
    assert len(problem.remedy.split()) >= 2


# equation in line 2, what it is told
CONSTRUCTS = {
    "a series given elsewhere": ("x :RAW:", "'x' is a data variable, and no series is given for it."),
    "a beginning that changes": ("INITIAL TIME = Time", "'INITIAL TIME' changes during the run."),
    "a step of the state": ("TIME STEP = INTEG(1, 1)", "'TIME STEP' depends on what happens in the run"),
    "files of Vensim's own": (
        "x = GET VDF CONSTANTS('a', 'b', 0)",
        "GET VDF CONSTANTS reads files of Vensim's own.",
    ),
    "other spreadsheets": (
        "x = GET XLS CONSTANTS('a.ods', 'b', 'A1')",
        "'a.ods' is not of a kind that can be read.",
    ),
    "a tag for a file": (
        "x = GET XLS CONSTANTS('?a', 'b', 'A1')",
        "'?a' stands for a file that only Vensim's",
    ),
    "another keyword": ("x :CROSSING: y", "':CROSSING:' is not known here."),
    "a text as a number": ("x :IS: 3", "'x' is not one text in single quotation marks."),
    "a macro in a sum": ("x = SUM(M(a[R!]))", "The call of the macro 'M' stands inside a sum."),
    "a keyword before a formula": ("x :RAW: := 2*a", "':RAW:' stands before something other than the name"),
    "a stock in a sum": ("x = SUM(INTEG(a[R!], 0))", "INTEG in 'x': it stands inside a sum; give it a"),
    "a copy of nothing": ("A2 <-> B", "'A2' is a copy of 'B', which is no subscript range."),
}
REST = ":MACRO: M(input)\nM = input ~~|\n:END OF MACRO:\nR: r1, r2 ~~|\na[R] = 1, 2 ~~|\n"


@pytest.mark.parametrize("equation, what", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_constructs(tmp_path, equation, what):
    path = tmp_path / "m.mdl"
    (tmp_path / "a.ods").write_bytes(b"\xd0\xcf")
    name = equation.split(" =")[0]
    rest = "".join(line for line in mdl("").splitlines(keepends=True) if not line.startswith((name, "{")))
    path.write_text("{UTF-8}\n" + equation + " ~~|\n" + REST + rest)
    (problem,) = refused(path).problems
    assert problem.what.startswith(what)
    assert problem.where.line == 2
    assert problem.remedy or ";" in problem.what


HEAD = """<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<sim_specs><start>0</start><stop>4</stop><dt>1</dt></sim_specs><dimensions><dim name="N" size="2"/></dimensions><model><variables><aux name="a"><eqn>1</eqn></aux>
"""
XMILE = {
    "module": '<module name="x"/>',
    "conveyor": '<stock name="x"><eqn>1</eqn><conveyor><len>1</len></conveyor></stock>',
    "queue": '<stock name="x"><eqn>1</eqn><queue/></stock>',
    "oven": '<stock name="x"><eqn>1</eqn><oven/></stock>',
    "one equation for all and one for some": '<aux name="x"><dimensions><dim name="N"/></dimensions><eqn>1</eqn>'
    '<element subscript="2"><eqn>2</eqn></element></aux>',
    "initial equation": '<stock name="x"><eqn>1</eqn><init_eqn>2</init_eqn></stock>',
}


@pytest.mark.parametrize("text", XMILE.values(), ids=XMILE)
def test_xmile(tmp_path, text):
    path = tmp_path / "m.xmile"
    path.write_text(HEAD + text + "</variables></model></xmile>")
    (problem,) = refused(path).problems
    assert problem.where.line == 3
    assert problem.remedy


def test_all_of_them_at_once(tmp_path):
    path = tmp_path / "m.mdl"
    path.write_text(mdl("x = SUM(INTEG(a[R!], 0))\ny :RAW:\nR: r1, r2\na[R] = 1\nz = nowhere"))
    assert [problem.where.line for problem in refused(path).problems] == [2, 3, 6]


def test_the_page_names_them_all():
    """docs/language.md, but for what no equation calls by such a name."""
    page = " ".join((ROOT / "docs" / "language.md").read_text(encoding="utf-8").split())
    assert [name for name in UNSUPPORTED if name not in NO_FUNCTION and name.upper() not in page] == []
