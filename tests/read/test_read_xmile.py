"""XMILE files in, Models out."""

import pytest

import capdyn
from capdyn.errors import CapdynError, Where
from capdyn.lang.expressions import Array, Call, Number, Reference, Table
from capdyn.lang.model import SubscriptRange
from capdyn.read import read

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><vendor>none</vendor></header>
<sim_specs method="RK4" time_units="Year"><start>2000</start><stop>2010</stop><dt reciprocal="true">4</dt></sim_specs>
<dimensions><dim name="Region"><elem name="Home"/><elem name="Core"/></dim><dim name="N" size="3"/></dimensions>
<model><variables>
"""
TAIL = "\n</variables></model></xmile>\n"
A, B, C, TIME = Reference("a"), Reference("b"), Reference("c"), Reference("time")


def call(function, *arguments, subscripts=()):
    return Call(function, arguments, subscripts)


@pytest.fixture
def xmile(tmp_path):
    def reading(variables):
        path = tmp_path / "m.xmile"
        path.write_text(HEAD + variables + TAIL, encoding="utf-8")
        return read(path)

    return reading


@pytest.fixture
def right(xmile):
    def reading(text):
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        others = '<aux name="arr"><eqn>1</eqn><dimensions><dim name="Region"/></dimensions></aux>'
        return (
            xmile(f'<aux name="x"><eqn>{escaped}</eqn></aux>{others}').variables["x"].components[0].expression
        )

    return reading


def test_a_whole_model(xmile, tmp_path):
    model = xmile(
        """
<stock name="Trust\\nof firms"><doc>How far.</doc><eqn>0.5</eqn>
  <inflow>gain</inflow><inflow>"R&amp;D"</inflow><outflow>loss</outflow>
  <units>Dmnl</units><range min="0"/></stock>
<flow name="gain"><eqn>Trust_of_firms * 2</eqn><non_negative/></flow>
<flow name="R&amp;D"><eqn>1 {per year}</eqn></flow>
<flow name="loss"><eqn>
  TIME +
  1</eqn></flow>
<aux name="effect"><eqn>TIME</eqn><gf type="extrapolate"><xscale min="0" max="1"/><ypts>1,2,4</ypts></gf></aux>
<gf name="table" type="discrete"><xpts>1;0</xpts><ypts sep=";">5;6</ypts></gf>
""".replace("<xpts>", '<xpts sep=";">')
    )
    file = str(tmp_path / "m.xmile")
    assert (model.name, model.path, model.method) == ("m", file, "rk4")
    assert model.ranges == {
        "region": SubscriptRange("Region", "region", ("Home", "Core"), Where(file, 5), apart=True),
        "n": SubscriptRange("N", "n", ("1", "2", "3"), Where(file, 5), apart=True),
    }
    controls = {name: model.variables[name].components[0].expression for name in list(model.variables)[:4]}
    assert controls == {
        "initial time": Number(2000.0),
        "final time": Number(2010.0),
        "time step": Number(0.25),
        "saveper": Reference("time step"),
    }
    assert model.variables["time step"].units == "Year"
    trust = model.variables["trust of firms"]
    assert (trust.name, trust.units, trust.limits, trust.comment) == (
        "Trust of firms",
        "Dmnl",
        (0.0, None),
        "How far.",
    )
    assert trust.components[0].expression == call(
        "integ", call("-", call("+", Reference("gain"), Reference("r&d")), Reference("loss")), Number(0.5)
    )
    assert model.variables["gain"].components[0].expression == call(
        "max", call("*", Reference("trust of firms"), Number(2.0)), Number(0.0)
    )
    loss = model.variables["loss"].components[0]
    assert (loss.expression, loss.where, loss.text) == (
        call("+", TIME, Number(1.0)),
        Where(file, 13),
        "TIME +\n  1",
    )
    assert model.variables["effect"].components[0].expression == call(
        "with lookup", TIME, Table((0.0, 0.5, 1.0), (1.0, 2.0, 4.0), "extrapolate")
    )
    table = model.variables["table"].components[0]
    assert (table.kind, table.expression) == ("lookup", Table((0.0, 1.0), (6.0, 5.0), "hold"))


EXPRESSIONS = {
    "-2^2": call("negative", call("^", Number(2.0), Number(2.0))),
    "a^b^c": call("^", A, call("^", B, C)),
    "notional + andy * orb": call("+", Reference("notional"), call("*", Reference("andy"), Reference("orb"))),
    "a AND NOT b OR c": call("or", call("and", A, call("not", B)), C),
    "a = b and b <> c": call("and", call("=", A, B), call("<>", B, C)),
    "a MOD b + c": call("+", call("modulo", A, B), C),
    "a * b MOD c": call("modulo", call("*", A, B), C),
    "IF a > b THEN b ELSE c": call("if then else", call(">", A, B), B, C),
    "if a then b else if b then c else a + 1": call(
        "if then else", A, B, call("if then else", B, C, call("+", A, Number(1.0)))
    ),
    "if a then if b then 1 else 2 else 3": call(
        "if then else", A, call("if then else", B, Number(1.0), Number(2.0)), Number(3.0)
    ),
    "1 + (IF a THEN b ELSE c) * 2": call(
        "+", Number(1.0), call("*", call("if then else", A, B, C), Number(2.0))
    ),
    "MAX(IF a THEN b ELSE c, 2)": call("max", call("if then else", A, B, C), Number(2.0)),
    "{first} a {last}": A,
    '"long\\nname"': Reference("long name"),
    "SMTH1(a, b)": call("smooth", A, B, A, Number(1.0)),
    "SMTH3(a, b, c)": call("smooth", A, B, C, Number(3.0)),
    "DELAY3(a, b)": call("delay", A, B, A, Number(3.0)),
    "DELAY(a, b)": call("delay fixed", A, B, A),
    "TREND(a, b)": call("trend", A, B, Number(0.0)),
    "INIT(a)": call("initial", A),
    "SAFEDIV(a, b)": call("safediv", A, B),
    "SAFEDIV(a, b, 1)": call("safediv", A, B, Number(1.0)),
    "INT(a)": call("xint", A),
    "LOG10(a)": call("log", A, Number(10.0)),
    "STEP(a, b)": call("step", A, B),
    "RAMP(a, b)": call("xramp", A, B),
    "PULSE(a, b)": call("xpulse", B, A),
    "2 * PI": call("*", Number(2.0), call("pi")),
    "DT * STARTTIME": call("*", Reference("time step"), Reference("initial time")),
    "SUM(arr)": call("sum", Reference("arr", ("region!",))),
    "SUM(arr[*])": call("sum", Reference("arr", ("region!",))),
    "MAX(arr)": call("vmax", Reference("arr", ("region!",))),
    "arr[Home]": Reference("arr", ("home",)),
    "1, 2, 3": Array((1.0, 2.0, 3.0), (3,)),
}


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS.items())
def test_expressions(right, text, expected):
    assert right(text) == expected


def test_arrays_without_subscripts_take_those_of_the_equation(xmile):
    model = xmile("""
<stock name="s"><eqn>init</eqn><inflow>f</inflow><dimensions><dim name="Region"/></dimensions></stock>
<stock name="t"><dimensions><dim name="Region"/></dimensions><inflow>f</inflow>
  <element subscript="Home"><eqn>1</eqn></element><element subscript="Core"><eqn>2</eqn></element></stock>
<flow name="f"><eqn>s + tab(s) + LOOKUP(tab, 1)</eqn><dimensions><dim name="Region"/></dimensions></flow>
<aux name="init"><eqn>3</eqn></aux>
<gf name="tab"><xscale min="0" max="1"/><ypts>0,1</ypts></gf>
<aux name="g"><dimensions><dim name="Region"/></dimensions>
  <element subscript="Home"><eqn>TIME</eqn><gf><xscale min="0" max="1"/><ypts>0,1</ypts></gf></element>
  <element subscript="Core"><eqn>f</eqn></element></aux>""")
    first = {
        name: [(part.subscripts, part.expression) for part in model.variables[name].components]
        for name in "stfg"
    }
    home, core, region = ("home",), ("core",), ("region",)
    assert first["s"] == [(region, call("integ", Reference("f", region), Reference("init")))]
    assert first["t"] == [
        (home, call("integ", Reference("f", home), Number(1.0))),
        (core, call("integ", Reference("f", core), Number(2.0))),
    ]
    here = Reference("s", region)
    assert first["f"] == [(region, call("+", call("+", here, call("tab", here)), call("tab", Number(1.0))))]
    assert first["g"] == [
        (home, call("with lookup", TIME, Table((0.0, 1.0), (0.0, 1.0)))),
        (core, Reference("f", core)),
    ]


@pytest.mark.parametrize(
    "stock, expected",
    [
        ("", Number(0.0)),
        ("<outflow>a</outflow>", call("negative", A)),
        ("<outflow>a</outflow><outflow>b</outflow>", call("-", call("negative", A), B)),
        ("<inflow>a</inflow><inflow>b</inflow><outflow>c</outflow>", call("-", call("+", A, B), C)),
    ],
)
def test_flows_of_a_stock(xmile, stock, expected):
    found = xmile(f'<stock name="x"><eqn>1</eqn>{stock}</stock>').variables["x"].components[0].expression
    assert found == call("integ", expected, Number(1.0))


def test_a_stock_that_may_not_be_negative(xmile):
    found = (
        xmile('<stock name="x"><eqn>1</eqn><non_negative/></stock>').variables["x"].components[0].expression
    )
    assert found == call("integ non negative", Number(0.0), Number(1.0))


MISTAKES = {
    '<aux name="x">\n<eqn>(1 + 2</eqn></aux>': (8, "The bracket ( is never closed."),
    '<aux name="x"><eqn>1 +\n\n a b</eqn></aux>': (9, "There is no operator between 'a' and 'b'."),
    '<aux name="x"><eqn>IF a THEN b</eqn></aux>': (7, "No ELSE follows this THEN."),
    '<aux name="x"><eqn>a THEN b</eqn></aux>': (7, "This THEN belongs to no IF."),
    '<aux name="x"><eqn>a MOD b * c</eqn></aux>': (7, "MOD is followed by another operator."),
    '<aux name="x"><eqn>SMTH1(1)</eqn></aux>': (7, "SMTH1 takes 2 or 3 arguments, and has 1."),
    '<aux name="x"></aux>': (7, "'x' has no equations."),
    "<aux><eqn>1</eqn></aux>": (7, "This <aux> has no name."),
    '<aux name=" "><eqn>1</eqn></aux>': (7, "This <aux> has no name."),
    '<aux name="x"><eqn>1</eqn><dimensions><dim/></dimensions></aux>': (7, "This <dim> has no name."),
    '<aux name="time"><eqn>1</eqn></aux>': (7, "'time' is the name of time itself."),
    '<aux name="x"><eqn>1</eqn></aux>\n<aux name="X"><eqn>1</eqn></aux>': (
        8,
        "'X' is defined here and in line 7.",
    ),
    '<aux name="x"><eqn>1</eqn><range min="a"/></aux>': (
        7,
        "The min 'a' of the range of 'x' is not a number.",
    ),
    '<aux name="x"><eqn>1</eqn><gf><ypts>1,b</ypts></gf></aux>': (7, "'b' in a graph is not a number."),
    '<aux name="x"><eqn>1</eqn><gf><xpts>1</xpts><ypts>1,2</ypts></gf></aux>': (
        7,
        "This graph has 1 x and 2 y.",
    ),
    '<aux name="x"><eqn>1</eqn><gf type="odd"><ypts>1</ypts></gf></aux>': (
        7,
        "A graph of type 'odd' is not known.",
    ),
    '<aux name="x"><eqn>arr</eqn></aux><aux name="arr"><eqn>1</eqn><dimensions><dim name="N"/></dimensions></aux>': (
        7,
        "'arr' is an array and has no subscripts here.",
    ),
    '<module name="m"/>': (7, "Modules are not run yet."),
    '<stock name="x"><eqn>1</eqn><conveyor><len>1</len></conveyor></stock>': (
        7,
        "Conveyors are not run yet.",
    ),
    '<aux name="Region"><eqn>1</eqn></aux>': (
        7,
        "'Region' is a variable here and a subscript range in line 5.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_a_mistake_has_a_line(xmile, text, expected):
    with pytest.raises(CapdynError) as caught:
        xmile(text)
    (problem,) = caught.value.problems
    assert (problem.where.line, problem.what) == expected


@pytest.mark.parametrize(
    "text, message",
    [
        ("<xmile>", "This is not well-formed XML"),
        ("<html/>", "not XMILE"),
        ("<xmile/>", "not XMILE"),
        ('<xmile xmlns="u"><model/></xmile>', "There is no <sim_specs>"),
        ("not xml at all", "This is not well-formed XML"),
    ],
)
def test_other_files(tmp_path, text, message):
    path = tmp_path / "m.xml"
    path.write_text(text)
    with pytest.raises(CapdynError, match=message):
        read(path)


@pytest.mark.parametrize(
    "written, method, noted",
    [
        ("Runge-Kutta 4", "rk4", 0),
        ("runge-kutta 2", "rk2", 0),
        ("rk45, RK4", "rk4", 0),
        ("gear", "", 1),
        ("", "", 0),
    ],
)
def test_methods(tmp_path, written, method, noted):
    path = tmp_path / "m.xmile"
    path.write_text((HEAD + '<aux name="x"><eqn>1</eqn></aux>' + TAIL).replace('"RK4"', f'"{written}"'))
    model = read(path)
    assert (model.method, len(model.notes)) == (method, noted)


def test_a_stock_of_which_only_a_part_may_not_be_negative_is_refused(xmile):
    marks = '<element subscript="Home"><eqn>1</eqn><non_negative/></element><element subscript="Core"><eqn>1</eqn></element>'
    with pytest.raises(CapdynError, match="Some elements of the stock 's' may not be negative"):
        xmile(f'<stock name="s"><dimensions><dim name="Region"/></dimensions>{marks}</stock>')


@pytest.mark.parametrize(
    "outer, inner, kept",
    [
        ("", "<non_negative/>", True),
        ("<non_negative/>", "<stock><non_negative>false</non_negative></stock>", False),
        ("<stock><non_negative/></stock>", "", True),
        ("<flow><non_negative/></flow>", "", False),
        ("<non_negative>false</non_negative>", "", False),
    ],
)
def test_behaviours_of_the_file_and_above_them_those_of_the_model(tmp_path, outer, inner, kept):
    path = tmp_path / "m.xmile"
    text = HEAD + '<stock name="s"><eqn>1</eqn></stock>' + TAIL
    parts = f"<behavior>{outer}</behavior><model><behavior>{inner}</behavior>"
    path.write_text(text.replace("<model>", parts))
    call = read(path).variables["s"].components[0].expression
    assert call.function == ("integ non negative" if kept else "integ")


def test_the_step_is_1_unless_said(tmp_path):
    path = tmp_path / "m.xmile"
    text = HEAD + '<aux name="x"><eqn>1</eqn></aux>' + TAIL
    path.write_text(text.replace('<dt reciprocal="true">4</dt>', ""))
    assert read(path).variables["time step"].components[0].expression == Number(1.0)


def test_a_prefix(tmp_path):
    path = tmp_path / "m.xmile"
    text = (HEAD + '<aux name="x"><eqn>1</eqn></aux>' + TAIL).replace("xmlns=", "xmlns:q=").splitlines(True)
    body = "".join(text[1:]).replace("</", "#").replace("<", "<q:").replace("#", "</q:")
    path.write_text(text[0] + body)
    assert read(path).variables["x"].components[0].expression == Number(1.0)


def test_bytes_of_windows_and_a_line_before_the_declaration(tmp_path):
    """The first with a note, the second with its lines counted."""
    path = tmp_path / "m.xmile"
    path.write_bytes(b"\n" + (HEAD + '<aux name="\u00e9t\u00e9"><eqn>1</eqn></aux>' + TAIL).encode("cp1252"))
    model = read(path)
    assert model.variables["\u00e9t\u00e9"].where.line == 8
    assert len(model.notes) == 1


@pytest.mark.parametrize("suffix", ["xmile", "xml", "stmx", "itmx", "XMILE"])
def test_endings(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    path.write_text(HEAD + '<aux name="x"><eqn>1</eqn></aux>' + TAIL)
    assert read(path).variables["x"].components[0].expression == Number(1.0)


def test_groups_and_text_outside_of_variables(xmile):
    model = xmile(
        '<aux name="Rate of change"><eqn>1</eqn></aux><group name="Firms"><var>rate_of_change</var></group>'
    )
    assert model.variables["rate of change"].group == "Firms"


MACRO = """<macro name="Lag"><parm>input</parm><parm>time_to_lag</parm><eqn>level</eqn><variables>
<stock name="level"><eqn>input</eqn><inflow>change</inflow></stock>
<flow name="change"><eqn>(input - level)/time_to_lag</eqn></flow></variables></macro>
<macro name="Twice"><parm>a</parm><eqn>Lag(Lag(a, 1), DT)</eqn></macro>"""


def test_macros(tmp_path):
    """A macro with a stock, one that calls it, and an element of an array each."""
    variables = """<aux name="up"><dimensions><dim name="Region"/></dimensions><element subscript="Home"><eqn>4</eqn>
</element><element subscript="Core"><eqn>8</eqn></element></aux>
<aux name="x"><eqn>Twice(STEP(up, 2001))</eqn><dimensions><dim name="Region"/></dimensions></aux>
<aux name="y"><eqn>Lag(STEP(4, 2001), 2)</eqn></aux>"""
    path = tmp_path / "m.xmile"
    path.write_text(
        (HEAD + variables + TAIL)
        .replace('<dt reciprocal="true">4</dt>', "<dt>1</dt>")
        .replace("<model>", MACRO + "<model>"),
        encoding="utf-8",
    )
    model = read(path)
    assert model.macros["lag"].parameters == ("input", "time to lag")
    assert list(model.macros["lag"].variables) == ["level", "change", "lag"]
    result = capdyn.simulate(capdyn.open_model(path), method="euler")
    assert result["x"].sel(Region="Core").values[:5].tolist() == [0, 0, 0, 8, 8]
    assert result["y"].values[:5].tolist() == [0, 0, 2, 3, 3.5]


@pytest.mark.parametrize(
    "macro, message",
    {
        '<macro name="M"><parm>a</parm></macro>': "The macro 'M' has no <eqn>. It gives the value of a call.",
        '<macro name="M"><parm default="1">a</parm><eqn>a</eqn></macro>': "<parm> of this form is not supported in the macro 'M'. Leave it out",
        '<macro name="M"><parm>a</parm><eqn>(a</eqn></macro>': "The bracket ( is never closed.",
        '<macro name="M"><eqn>y</eqn><variables><aux name="y"><eqn>1</eqn><dimensions><dim name="N"/></dimensions></aux>'
        "</variables></macro>": "There are no subscripts inside a macro, such as those of 'y'.",
        '<macro name="M"><eqn>1</eqn></macro><macro name="m"><eqn>1</eqn></macro>': "The macro 'm' is defined twice.",
    }.items(),
)
def test_mistakes_in_macros(tmp_path, macro, message):
    path = tmp_path / "m.xmile"
    path.write_text((HEAD + '<aux name="x"><eqn>1</eqn></aux>' + TAIL).replace("<model>", macro + "<model>"))
    with pytest.raises(CapdynError) as caught:
        read(path)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(f"m.xmile:6: {message}")
