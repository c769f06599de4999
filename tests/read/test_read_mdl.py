"""Vensim files in, Models out."""

import hashlib
import warnings

import pytest

from capdyn.errors import ModelError, StoreError, Where
from capdyn.lang.expressions import Array, Call, Number, Reference, Table, Text
from capdyn.lang.model import SubscriptRange
from capdyn.read import find, read

MODEL = """{UTF-8}
Region:
\tHome, Core
\t~\t
\t~\tThe regions. |

Trust[Region] = INTEG(
\tgain[Region] - loss[Region] * Trust[Region], {at the start} 0.5)
\t~\tDmnl [0,1]
\t~\tHow far firms
\t\ttrust one another (002). |

****
\t.Rates of change
****~
\t\tAll per year. |

gain[Home] = 0.1 ~ 1/Year [0,?,0.01] ~ At home. ~ :SUPPLEMENTARY |
gain[Core] = Effect(Time) ~ ~ |
loss[Region] = 0.1, 0.2 ~~|
Effect([(0,0)-(10,10)],(0,0),(10,1)) ~ Dmnl ~ |
********************************************************
\t.Control
********************************************************~
\t\tSimulation Control Parameters
\t|
INITIAL TIME == 0 ~ Year ~ |
FINAL TIME = 10 ~ Year ~ |
TIME STEP = 0.125 ~ Year [0,?] ~ |
SAVEPER = TIME STEP ~ Year ~ |
\\\\\\---/// Sketch information - do not modify anything except names
V300  Do not put anything below this section - it will be ignored
*View 1
10,1,Trust,100,100,40,20,3,3,0,0,0,0,0,0
///---\\\\\\
:L\x7f<%^E!@
1:base.vdf
15:0,0,0,5,0,0
"""


def test_a_whole_model(mdl, tmp_path):
    model = mdl(MODEL)
    file = str(tmp_path / "m.mdl")
    assert (model.name, model.path, model.method, model.notes) == ("m", file, "rk4", ())
    assert model.hash == hashlib.sha256(MODEL.encode()).hexdigest()
    assert model.ranges == {"region": SubscriptRange("Region", "region", ("Home", "Core"), Where(file, 2, 1))}
    assert list(model.variables) == [
        "trust",
        "gain",
        "loss",
        "effect",
        "initial time",
        "final time",
        "time step",
        "saveper",
    ]

    trust = model.variables["trust"]
    assert (trust.name, trust.units, trust.limits, trust.group) == ("Trust", "Dmnl", (0.0, 1.0), "")
    assert trust.comment == "How far firms trust one another (002)."
    (component,) = trust.components
    region = ("region",)
    assert component.where == Where(file, 7, 1)
    assert component.subscripts == region
    assert component.text == (
        "Trust[Region] = INTEG(\n\tgain[Region] - loss[Region] * Trust[Region], {at the start} 0.5)"
    )
    assert component.expression == Call(
        "integ",
        (
            Call(
                "-",
                (
                    Reference("gain", region),
                    Call("*", (Reference("loss", region), Reference("trust", region))),
                ),
            ),
            Number(0.5),
        ),
    )

    gain = model.variables["gain"]
    assert [part.subscripts for part in gain.components] == [("home",), ("core",)]
    assert [part.where.line for part in gain.components] == [18, 19]
    assert (gain.units, gain.limits, gain.comment, gain.group) == (
        "1/Year",
        (0.0, None),
        "At home.",
        "Rates of change",
    )
    assert model.variables["loss"].components[0].expression == Array((0.1, 0.2), (2,))
    effect = model.variables["effect"].components[0]
    assert (effect.kind, effect.expression) == ("lookup", Table((0.0, 10.0), (0.0, 1.0)))
    assert model.variables["initial time"].components[0].kind == "constant"
    assert model.variables["saveper"].group == "Control"


@pytest.mark.parametrize(
    "number, method",
    [
        ("0", "euler"),
        ("1", "rk4"),
        ("2", "euler"),
        ("3", "rk2"),
        ("4", "rk2"),
        ("5", "rk4"),
        ("9", ""),
        ("", ""),
    ],
)
def test_integration_method(mdl, number, method):
    assert mdl(MODEL.replace("15:0,0,0,5,", f"15:0,0,0,{number},")).method == method


def test_no_settings_no_method(mdl):
    assert mdl("x = 1 ~~|").method == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.removeprefix("{UTF-8}").encode(),
    ],
    ids=["windows lines", "byte order mark", "no encoding named"],
)
def test_the_same_model_in_other_bytes(mdl, change):
    plain, other = mdl(MODEL), mdl(change(MODEL))
    for name, variable in plain.variables.items():
        assert other.variables[name].comment == variable.comment
        for one, two in zip(variable.components, other.variables[name].components, strict=True):
            assert (one.expression, one.where, one.text) == (
                two.expression,
                two.where,
                two.text.replace("\r\n", "\n"),
            )
    assert other.method == "rk4"


def test_an_encoding_that_is_not_named(mdl):
    """Not UTF-8, and nothing says what: as Windows in the West writes it, and it is said."""
    model = mdl("Größe = 1 ~ Dmnl ~ §3 |".encode("cp1252"))
    assert (model.variables["größe"].name, model.variables["größe"].comment) == ("Größe", "§3")
    assert [note.partition(":1: ")[2] for note in model.notes] == [
        "the file is not in UTF-8 and was read as windows-1252."
    ]
    assert mdl("Größe = 1 ~~|").notes == ()


def test_another_encoding(mdl):
    model = mdl("{windows-1252}\nGröße = 1 ~ Dmnl ~ §3 |".encode("cp1252"))
    assert (model.variables["größe"].name, model.variables["größe"].comment) == ("Größe", "§3")


@pytest.mark.parametrize(
    "text, ranges",
    {
        "R: A, B ~~|": {"r": ("R", ("A", "B"), (), "")},
        "R: A, R2 ~~| R2: B ~~|": {"r": ("R", ("A", "R2"), (), ""), "r2": ("R2", ("B",), (), "")},
        "R:\n(A1-A4)\n~~|": {"r": ("R", ("A1", "A2", "A3", "A4"), (), "")},
        "R: Z, (a b9-a b11), Y ~~|": {"r": ("R", ("Z", "a b9", "a b10", "a b11", "Y"), (), "")},
        "R: A, B -> S ~~| S: C, D ~~|": {"r": ("R", ("A", "B"), ("S",), ""), "s": ("S", ("C", "D"), (), "")},
        "R: A -> S, T ~~|": {"r": ("R", ("A",), ("S", "T"), "")},
        "R: A, B -> (S: D, E), T ~~|": {"r": ("R", ("A", "B"), ("S", "T"), "")},
        "R: A ~~| S <-> R ~~|": {"r": ("R", ("A",), (), ""), "s": ("S", (), (), "R")},
        'The_R: "export, bulk",\n export  quality ~~|': {
            "the r": ("The_R", ("export, bulk", "export quality"), (), "")
        },
    }.items(),
)
def test_ranges(mdl, text, ranges):
    found = mdl(text + " x = 1 ~~|").ranges
    assert {key: (r.name, r.members, r.mapped_to, r.copy_of) for key, r in found.items()} == ranges


def test_the_elements_of_a_mapping(mdl):
    assert mdl('R: A, B -> (S: D, "E, e"), T ~~| x = 1 ~~|').ranges["r"].orders == (("D", "E, e"), ())


@pytest.mark.parametrize(
    "left, subscripts, exceptions",
    [
        ("x", (), ()),
        ("x[Region]", ("region",), ()),
        ("x [ Home, Big_Size ]", ("home", "big size"), ()),
        ('x["a, b", 2nd]', ("a, b", "2nd"), ()),
        ("x[Region] :EXCEPT: [Home]", ("region",), (("home",),)),
        ("x[R, S] :except: [Home, small], [Core, S]", ("r", "s"), (("home", "small"), ("core", "s"))),
    ],
)
def test_left_hand_sides(mdl, left, subscripts, exceptions):
    component = mdl(f"{left} = 5 ~~|").variables["x"].components[0]
    assert (component.subscripts, component.exceptions, component.expression) == (
        subscripts,
        exceptions,
        Number(5.0),
    )


@pytest.mark.parametrize(
    "definition, kind, expression",
    [
        ("x = 5", "auxiliary", Number(5.0)),
        ("x == 5", "constant", Number(5.0)),
        ("x((0,1),(1,2))", "lookup", Table((0.0, 1.0), (1.0, 2.0))),
        ("x(2,-1,3, 5,6,7)", "lookup", Table((-1.0, 2.0, 3.0), (6.0, 5.0, 7.0))),
        ("x([(0,0)-(1,2)],0,1,1,2)", "lookup", Table((0.0, 1.0), (1.0, 2.0))),
        ("x[A]([(0,0)-(1,2)],(1,2),(0,1))", "lookup", Table((0.0, 1.0), (1.0, 2.0))),
        ("x := a", "data", Reference("a")),
        ("x :INTERPOLATE: := a", "data", Reference("a")),
        ("x :RAW: := a", "data", Call("data", (Reference("a"), Text("raw")))),
        ("x :RAW:", "data", Call("data", (Text("raw"),))),
        ("x :HOLD BACKWARD:", "data", Call("data", (Text("hold backward"),))),
    ],
)
def test_kinds(mdl, definition, kind, expression):
    component = mdl(f"{definition} ~~|").variables["x"].components[0]
    assert (component.kind, component.expression) == (kind, expression)


@pytest.mark.parametrize("name", ['"R&D / sales"', '"1st, [x] | ~ (y) {z} = !"', "Größe_1", "don't $pend"])
def test_names_of_variables(mdl, name):
    shown = name.strip('"')
    (variable,) = mdl(f"{name} = 5 ~ Dmnl ~ |").variables.values()
    assert variable.name == shown
    assert variable.key == " ".join(shown.replace("_", " ").lower().split())


@pytest.mark.parametrize(
    "text, units, limits",
    [
        ("", "", (None, None)),
        ("Year", "Year", (None, None)),
        ("1/(Year*Year)", "1/(Year*Year)", (None, None)),
        ("Dmnl [0,1]", "Dmnl", (0.0, 1.0)),
        ("Dmnl[-1.5e3,?]", "Dmnl", (-1500.0, None)),
        ("[?, 10, 1]", "", (None, 10.0)),
        ("people\n/Year [ 0 , 5 ]", "people /Year", (0.0, 5.0)),
    ],
)
def test_units_and_limits(mdl, text, units, limits):
    variable = mdl(f"x = 1 ~ {text} ~ |").variables["x"]
    assert (variable.units, variable.limits) == (units, limits)


def test_reality_checks_are_kept_and_noted(mdl):
    model = mdl(
        "x = 1 ~~|\ncheck :THE CONDITION: x > 5 :IMPLIES: x < 3 ~~|\ninput :TEST INPUT: RC STEP(x, 1) ~~|"
    )
    assert list(model.variables) == ["x"]
    assert [(check.name, check.kind, check.where.line) for check in model.checks] == [
        ("check", "the condition", 2),
        ("input", "test input", 3),
    ]
    assert model.checks[0].text == "check :THE CONDITION: x > 5 :IMPLIES: x < 3"
    assert [note.partition("m.mdl:")[2] for note in model.notes] == [
        "2:1: the reality check 'check' is not run.",
        "3:1: the reality check 'input' is not run.",
    ]


def test_places_count_comments_and_continued_lines(mdl):
    model = mdl("{UTF-8}\n  {a note}\n  first = 1 ~~|  second \\\n  = 2 ~~|\n\n\tthird{?}= 3 ~~|")
    places = {v.name: (v.where.line, v.where.column) for v in model.variables.values()}
    assert places == {"first": (3, 3), "second": (3, 18), "third": (6, 2)}


def test_the_name_of_a_model_is_its_file_or_its_folder(tmp_path):
    folder = tmp_path / "regional capability"
    folder.mkdir()
    (folder / "model.mdl").write_text("x = 1 ~~|")
    assert (
        read(folder).name
        == read(folder / "model.mdl").name
        == read(str(folder)).name
        == "regional capability"
    )
    (tmp_path / "small.MDL").write_text("x = 1 ~~|")
    assert read(tmp_path / "small.MDL").name == "small"


def test_find(tmp_path):
    with pytest.raises(StoreError, match="has no equation file"):
        find(tmp_path)
    (tmp_path / "a.xmile").write_text("<xmile/>")
    assert find(tmp_path) == tmp_path / "a.xmile"
    (tmp_path / "b.mdl").write_text("x = 1 ~~|")
    with pytest.raises(StoreError, match=r"several equation files: a\.xmile, b\.mdl"):
        find(tmp_path)
    (tmp_path / "model.mdl").write_text("x = 1 ~~|")
    assert find(tmp_path) == tmp_path / "model.mdl"


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("none.mdl", None, "There is no file"),
        ("text.txt", b"x = 1 ~~|", "is not an equation file"),
        ("empty.mdl", b" \n", "is empty"),
        ("binary.mdl", b"\x00\x01\x02", "is not a text file in UTF-8"),
        ("wide.mdl", "x = 1 ~~|".encode("utf-16"), "is not a text file in UTF-8"),
        ("said.mdl", b"{UTF-8}\nx = 1 ~~|\n\n\xe9 = 1 ~~|", "said.mdl:4: It is not text in UTF-8"),
        ("neither.mdl", b"x = 1 ~~|\n\n\xe9\x81 = 1 ~~|", "neither.mdl:3: It is not text in CP1252"),
        ("zip.mdl", b"{zip}\nx = 1 ~~|", "encoding 'zip'"),
        ("escape.mdl", b"{unicode_escape}\nx = 1 ~~|", "encoding 'unicode_escape'"),
        ("declared.mdl", b"{ascii}\n\xe9 = 1 ~~|", "declared.mdl:2: It is not text in ASCII"),
        ("empty.xmile", b"", "is empty"),
        ("wide.xmile", "<xmile/>".encode("utf-16"), "is not an XML file in UTF-8"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StoreError, match=message) as caught:
        read(tmp_path / name)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    "first", ["{a model}", "{model}", "{utf8}", "{latin-1}", "{cp1252}", "{mac-roman}", "{GBK}"]
)
def test_first_lines(mdl, first):
    assert list(mdl(f"{first}\nx = 1 ~~|".encode()).variables) == ["x"]


def test_a_file_with_a_comment_only(wrong):
    assert wrong("{nothing here}") == (
        "m.mdl:1:1: There is no definition in this file. A definition reads: name = equation ~ units ~ comment |"
    )


def test_no_warning_escapes_and_none_is_switched_off_for_others(mdl):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        mdl("R: A, B -> S ~~| x :TEST INPUT: a ~~| y = 1 ~~|")
        assert warnings.filters == before


def test_all_problems_at_once_in_the_order_of_the_file(mdl):
    text = "\n".join(f"x{i} = {'(' if i % 2 else ''}{i} ~~|" for i in range(60))
    with pytest.raises(ModelError) as caught:
        mdl(text)
    lines = [problem.where.line for problem in caught.value.problems if problem.where]
    assert lines == list(range(2, 42, 2))
    assert "10 more problems" in str(caught.value.problems[-1])
