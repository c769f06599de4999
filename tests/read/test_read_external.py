"""Numbers from files beside the equations: what is taken from where, and what is said when it is not there."""

import re
import warnings
import zipfile

import numpy as np
import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

import capdyn
from capdyn.lang.expressions import Array, Call, Number, Table, Text
from capdyn.read import is_current, read
from capdyn.read.sheets import address, column_of
from equations import mdl
from read.old_excel import Date, Formula, write_xls

RANGES = "Region: Home, Core\nSize: small, medium, large\n"
#  A       B     C     D     E
ROWS = [
    ["year", 2000, 2001, 2002, None],  # 1
    ["Home", 1, 2, 3, "a note"],  # 2
    ["Core", 4, 5, 6, None],  # 3
    [None, None, None, None, None],  # 4
    ["t", "u", "v", "w", None],  # 5
    [0, 10, 20, 1, None],  # 6
    [2, None, 40, 2, None],  # 7
    [4, 50, 60, 3, None],  # 8
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with the rows above as data.xlsx and data.xls (sheets `Numbers`, `More`), data.csv and data.tab."""
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Numbers"
    for row in ROWS:
        sheet.append(row)
    book.create_sheet("More")["C3"] = 7
    book.save(tmp_path / "data.xlsx")
    write_xls(tmp_path / "data.xls", {"Numbers": ROWS, "More": [[], [], [None, None, 7]]})
    lines = [["" if cell is None else str(cell) for cell in row] for row in ROWS]
    (tmp_path / "data.csv").write_text("\r\n".join(",".join(line) for line in lines), encoding="utf-8")
    (tmp_path / "data.tab").write_text("\n".join("\t".join(line) for line in lines), encoding="utf-8")
    (tmp_path / "semicolon.csv").write_text("\n".join(";".join(line) for line in lines), encoding="utf-8")
    return tmp_path


@pytest.fixture
def variable(folder):
    """The components of x in a file with these equations, ranges before them."""

    def reading(equations, name="x"):
        (folder / "m.mdl").write_text(mdl(RANGES + equations), encoding="utf-8")
        return read("m.mdl").variables[name].components

    return reading


FILES = {
    "spreadsheet": "XLS {}('data.xlsx', 'Numbers', ",
    "old spreadsheet": "XLS {}('data.xls', 'Numbers', ",
    "old spreadsheet, sheet in another case": "DIRECT {}('data.xls', 'numbers', ",
    "sheet in another case": "DIRECT {}('data.xlsx', 'NUMBERS', ",
    "commas": "DIRECT {}('data.csv', ',', ",
    "commas by the ending": "DIRECT {}('data.csv', '', ",
    "tabs": "DIRECT {}('data.tab', '', ",
    "a sign of one's own": "DIRECT {}('semicolon.csv', ';', ",
    "another folder and back": "DIRECT {}('../{folder}/data.csv', ',', ",
    "as on Windows": "DIRECT {}('.\\data.csv', ',', ",
}


def get(file, kind):
    return "GET " + FILES[file].replace("{}", kind)


@pytest.mark.parametrize("file", FILES)
class TestConstants:
    @pytest.fixture(autouse=True)
    def _set(self, file, folder):
        self.get = get(file, "CONSTANTS").replace("{folder}", folder.name)

    @pytest.mark.parametrize(
        "left, cell, expected",
        [
            ("x", "B2", Number(1.0)),
            ("x", "$C$3", Number(5.0)),
            ("x[Home]", "b3", Number(4.0)),
            ("x[Size]", "B2", Array((1.0, 2.0, 3.0), (3,))),
            ("x[Region]", "B2*", Array((1.0, 4.0), (2,))),
            ("x[Region, small]", "B2*", Array((1.0, 4.0), (2,))),
            ("x[Region, Size]", "B2", Array((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (2, 3))),
            ("x[Size, Region]", "B2*", Array((1.0, 4.0, 2.0, 5.0, 3.0, 6.0), (3, 2))),
        ],
    )
    def test_value(self, variable, left, cell, expected):
        (component,) = variable(f"{left} = {self.get}'{cell}')")
        assert component.expression == expected


@pytest.mark.parametrize("file", FILES)
def test_lookups(variable, folder, file):
    text = get(file, "LOOKUPS").replace("{folder}", folder.name)
    down = variable(f"x({text}'A', 'C6'))")
    assert [part.expression for part in down] == [Table((0.0, 2.0, 4.0), (20.0, 40.0, 60.0))]
    across = variable(f"x[Region] = {text}'1', 'B2')")
    assert [(part.subscripts, part.expression) for part in across] == [
        (("home",), Table((2000.0, 2001.0, 2002.0), (1.0, 2.0, 3.0))),
        (("core",), Table((2000.0, 2001.0, 2002.0), (4.0, 5.0, 6.0))),
    ]
    assert {part.kind for part in (*down, *across)} == {"lookup"}


@pytest.mark.parametrize("kind", ["LOOKUPS", "DATA"])
def test_a_row_without_a_y_is_no_point(variable, folder, kind):
    """An empty cell, and a note or another table's heading below."""
    lines = ["t,u", "0,10", "2,", "4,50", ",", "source: a survey", "5,60"]
    (folder / "notes.csv").write_text("\n".join(lines), encoding="utf-8")
    mark = ":=" if kind == "DATA" else "="
    (part,) = variable(f"x {mark} " + direct("'A', 'B2'", kind=kind, file="notes.csv"))
    table = part.expression.arguments[0] if kind == "DATA" else part.expression
    assert table == Table((0.0, 4.0, 5.0), (10.0, 50.0, 60.0))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("keyword", ["", "RAW", "HOLD BACKWARD", "LOOK FORWARD", "INTERPOLATE"])
def test_data(variable, folder, file, keyword):
    """An empty cell is a time without a value."""
    text = get(file, "DATA").replace("{folder}", folder.name)
    found = variable(f"x[Region] {f':{keyword}: ' * bool(keyword)}:= {text}'A', 'B6')")
    mode = Text(keyword.lower())
    assert [(part.subscripts, part.expression) for part in found] == [
        (("home",), Call("data", (Table((0.0, 4.0), (10.0, 50.0)), mode))),
        (("core",), Call("data", (Table((0.0, 2.0, 4.0), (20.0, 40.0, 60.0)), mode))),
    ]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "cells, members",
    [
        ("'A2', 'A3', ''", ("Home", "Core")),
        ("'A1', 'A', 'x '", ("x year", "x Home", "x Core", "x t", "x 0", "x 2", "x 4")),
        ("'A5', '5', ''", ("t", "u", "v", "w")),
        ("'B1', 'C2', 'n'", ("n2000", "n2001", "n1", "n2")),
        ("'A8', '', 'r'", ("r4", "r50", "r60", "r3")),
    ],
)
def test_subscripts(folder, file, cells, members):
    text = get(file, "SUBSCRIPT").replace("{folder}", folder.name)
    (folder / "m.mdl").write_text(f"R: {text}{cells}) -> S ~~|\nS: s1, s2 ~~|\nx = 1 ~~|", encoding="utf-8")
    found = read("m.mdl").ranges["r"]
    assert (found.members, found.mapped_to) == (members, ("S",))


def test_a_constant_from_a_file_is_a_parameter(folder):
    (folder / "m.mdl").write_text(
        mdl("x = GET XLS CONSTANTS('data.xlsx', 'More', 'C3')\ny = 2*x"), encoding="utf-8"
    )
    model = capdyn.open_model("m.mdl")
    assert float(capdyn.simulate(model)["y"]) == 14
    assert float(capdyn.simulate(model, parameters={"x": 10})["y"]) == 20


def test_a_string_variable_names_a_file(variable):
    """`x` comes before the texts that it uses: the order of equations does not matter."""
    (component,) = variable(
        "x = GET XLS CONSTANTS(the file, tab, 'B3')\nthe file :IS: 'data.xlsx'\ntab :is: 'Numbers'"
    )
    assert component.expression == Number(4.0)


def test_the_hash_follows_the_files(folder):
    (folder / "m.mdl").write_text(mdl("x = GET DIRECT CONSTANTS('data.csv', ',', 'B2')"), encoding="utf-8")
    before = read("m.mdl")
    assert before.hash == read("m.mdl").hash
    assert [name for name, _ in before.files] == ["data.csv"]
    assert is_current(before, folder / "m.mdl")
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("\n1")
    assert read("m.mdl").hash != before.hash
    assert not is_current(before, folder / "m.mdl")
    (folder / "data.csv").unlink()
    assert not is_current(before, folder / "m.mdl")


def test_a_model_that_is_kept_is_read_anew_when_a_file_beside_it_changes(folder, monkeypatch):
    """With all that this reader may leave in a model: what is kept comes back equal, and nothing stale does."""
    monkeypatch.setenv("CAPDYN_CACHE", str(folder / "cache"))
    text = mdl(
        "x = GET DIRECT CONSTANTS('data.csv', ',', 'B2')\ny = M(x)\nc :THE CONDITION: x > 5\nR: a -> (S: b)\nS: b"
    )
    macro = ":MACRO: M(input)\nM = 2*input ~~|\n:END OF MACRO:\n"
    (folder / "m.mdl").write_text(macro + text, encoding="utf-8")
    first, second = capdyn.open_model("m.mdl"), capdyn.open_model("m.mdl")
    assert list((folder / "cache").glob("*.model"))
    assert first.source == second.source and first.system == second.system
    (folder / "data.csv").write_text("\n0,5\n", encoding="utf-8")
    assert float(capdyn.simulate(capdyn.open_model("m.mdl"))["y"]) == 10


def test_a_formula_counts_as_the_value_saved_with_it(folder):
    """Nothing is computed, let alone executed; a formula without a saved value is an empty cell."""
    book = openpyxl.load_workbook("data.xlsx")
    book["Numbers"]["B2"] = '=HYPERLINK("http://example.org", 1+1)'
    book.save("bare.xlsx")
    with zipfile.ZipFile("bare.xlsx") as old, zipfile.ZipFile("saved.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, re.sub(rb"</f><v\s*/>|</f><v></v>", b"</f><v>42</v>", data))
    for file, found in (("saved.xlsx", Number(42.0)), ("bare.xlsx", None)):
        (folder / "m.mdl").write_text(
            f"x = GET XLS CONSTANTS('{file}', 'Numbers', 'B2') ~~|", encoding="utf-8"
        )
        if found:
            assert read("m.mdl").variables["x"].components[0].expression == found
        else:
            with pytest.raises(capdyn.ModelError, match=r"Cell B2 of 'bare\.xlsx', sheet 'Numbers' is empty"):
                read("m.mdl")


def direct(cell, kind="CONSTANTS", file="data.csv"):
    return f"GET DIRECT {kind}('{file}', ',', {cell})"


def xls(cell, sheet="Numbers", kind="CONSTANTS", file="data.xlsx"):
    return f"GET XLS {kind}('{file}', '{sheet}', {cell})"


# equation in line 4, place of the problem, message
MISTAKES = [
    (
        "x = " + direct("'B2'", file="date.csv"),
        "4:5",
        "There is no file 'date.csv' (looked for in '.'). Did you mean 'data.csv'",
    ),
    (
        "x = " + direct("'B2'", file="?data"),
        "4:5",
        "'?data' stands for a file that only Vensim's settings name.",
    ),
    (
        "x = " + direct("'B2'", file="https://example.org/data.csv"),
        "4:5",
        "'https://example.org/data.csv' is an address in the network, and nothing is fetched from there.",
    ),
    (
        "x = " + direct("'B2'", file="//server/data.csv"),
        "4:5",
        "'//server/data.csv' is an address in the network",
    ),
    (
        "x = " + direct("'B2'", file="/etc/passwd"),
        "4:5",
        "'/etc/passwd' is not a path relative to the equation file.",
    ),
    (
        "x = " + direct("'B2'", file="C:data.csv"),
        "4:5",
        "'C:data.csv' is not a path relative to the equation file.",
    ),
    ("x = " + direct("'B2'", file="."), "4:5", "There is no file '.'"),
    (
        "x = " + xls("'B2'", file="old.xls"),
        "4:5",
        "'old.xls' is not a spreadsheet that can be read. Save it anew as .xlsx",
    ),
    (
        "x = " + xls("'B2'", file="data.xls", sheet="Mor"),
        "4:5",
        "'data.xls' has no sheet 'Mor'. Did you mean 'More'?",
    ),
    (
        "x = " + xls("'B2'", file="data.ods"),
        "4:5",
        "'data.ods' is not of a kind that can be read. Save it as .xlsx",
    ),
    ("x = " + xls("'B2'", file="broken.xlsx"), "4:5", "'broken.xlsx' is not a spreadsheet that can be read."),
    (
        "x = " + xls("'B2'", file="entities.xlsx"),
        "4:5",
        "'entities.xlsx' is not a spreadsheet that can be read.",
    ),
    (
        "x = " + xls("'B2'", sheet="Number"),
        "4:5",
        "'data.xlsx' has no sheet 'Number'. Did you mean 'Numbers'?",
    ),
    (
        "x = " + direct("'2B'"),
        "4:5",
        "'2B' is not the address of a cell, nor the name of cells in 'data.csv'. It reads 'B3'",
    ),
    (
        "x = " + direct("'total'"),
        "4:5",
        "'total' is not the address of a cell, nor the name of cells in 'data.csv'.",
    ),
    ("x = " + direct("'B4'"), "4:5", "Cell B4 of 'data.csv' is empty. Write a number there."),
    ("x = " + direct("'B90'"), "4:5", "Cell B90 of 'data.csv' is empty."),
    ("x = " + direct("'A2'"), "4:5", "Cell A2 of 'data.csv' holds 'Home', not a number."),
    ("x = " + xls("'E2'"), "4:5", "Cell E2 of 'data.xlsx', sheet 'Numbers' holds 'a note', not a number."),
    (
        "x[Region, Size] = " + xls("'B3'"),
        "4:19",
        "Cell B4 of 'data.xlsx', sheet 'Numbers' is empty; this equation needs 2 x 3 numbers from B3 on.",
    ),
    ("x[Region, Size, Region] = " + direct("'B2'"), "4:27", "A block of cells has two directions"),
    (
        "x = 2*" + direct("'B2'"),
        "4:7",
        "GET CONSTANTS stands inside a formula. Give it a variable of its own",
    ),
    (
        "x = GET DIRECT CONSTANTS('data.csv', ',', Region)",
        "4:5",
        "The arguments of GET ... are not all texts",
    ),
    ("x = GET VDF CONSTANTS('run.vdf', 'y', 1)", "4:5", "GET VDF CONSTANTS reads files of Vensim's own."),
    ("x = " + direct("'A1', 'B6'", kind="LOOKUPS"), "4:5", "'A1' is neither a row nor a column."),
    (
        "x = " + direct("'A', 'B60'", kind="LOOKUPS"),
        "4:5",
        "There are no numbers from the cell that is named on in",
    ),
    ("x := " + direct("'A', 'B5'", kind="DATA"), "4:6", "Cell A5 of 'data.csv' holds 't', not a number."),
    (
        "x := " + direct("'B', 'C6'", kind="DATA"),
        "4:6",
        "Cell C7 of 'data.csv' has a number, and its time in cell B7 is empty.",
    ),
    (
        "x := " + direct("'D', 'A2'", kind="DATA", file="twice.csv"),
        "4:6",
        "Time 5 comes twice in 'twice.csv'.",
    ),
    (
        "x[Region, Size] := " + direct("'A', 'B6'", kind="DATA"),
        "4:20",
        "Series from a file run along one subscript",
    ),
    (
        "R: " + direct("'A2', 'A', ''", kind="SUBSCRIPT", file="none.csv"),
        "4:3",
        "There is no file 'none.csv'",
    ),
    (
        "R: " + direct("'A4', 'A4', ''", kind="SUBSCRIPT"),
        "4:3",
        "There are no elements from cell A4 on in 'data.csv'.",
    ),
    (
        "R: " + direct("'B2', 'B3', '' ", kind="SUBSCRIPT", file="twice.csv"),
        "4:3",
        "The element 'X' stands in cells B2 and B3 of 'twice.csv'. Leave one.",
    ),
    ("R: " + direct("'A2', A3, ''", kind="SUBSCRIPT"), "4:3", "GET ... SUBSCRIPT takes five texts"),
    (
        "R: " + direct("'A2', 'A3', ''", kind="SUBSCRIPT") + ", c",
        "4:57",
        "Something follows GET ... SUBSCRIPT",
    ),
]


@pytest.mark.parametrize("equation, place, message", MISTAKES, ids=[row[2][:50] for row in MISTAKES])
def test_mistake(folder, equation, place, message):
    (folder / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "data.ods").write_bytes(b"PK")
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (folder / "twice.csv").write_text("\n1,x,,5\n2,X,,5\n", encoding="utf-8")
    with zipfile.ZipFile("data.xlsx") as old, zipfile.ZipFile("entities.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(
                name, old.read(name).replace(b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet', 1)
            )
    (folder / "m.mdl").write_text(mdl(RANGES + equation), encoding="utf-8")
    with pytest.raises(capdyn.ModelError) as caught:
        read("m.mdl")
    assert str(caught.value).startswith(f"m.mdl:{place}: {message}")
    (problem,) = caught.value.problems
    assert problem.remedy


def test_all_mistakes_at_once(folder):
    text = mdl(
        "x = GET XLS CONSTANTS('a.xlsx', 'b', 'C1')\ny = GET XLS CONSTANTS('data.xlsx', 'b', 'C1')\nz = (1"
    )
    (folder / "m.mdl").write_text(text, encoding="utf-8")
    with pytest.raises(capdyn.ModelError) as caught:
        read("m.mdl")
    assert [problem.where.line for problem in caught.value.problems] == [2, 3, 4]


@pytest.mark.parametrize(
    "row, column, text", [(0, 0, "A1"), (2, 25, "Z3"), (9, 26, "AA10"), (0, 701, "ZZ1"), (0, 702, "AAA1")]
)
def test_addresses(row, column, text):
    assert address(row, column) == text
    assert column_of(text.rstrip("0123456789")) == column


def test_pysd_agrees(folder):
    """PySD reads the same cells, series by series."""
    cells = xls("'A', 'C6'", kind="DATA")
    equations = f"""one = {xls("'B2'")}
        block[Region, Size] = {xls("'B2'")}
        turned[Size, Region] = {xls("'B2*'")}
        down[Region] = {xls("'B2*'")}
        table({cells.replace("DATA", "LOOKUPS", 1)})
        x = table(Time)
        series := {cells}
        held :HOLD BACKWARD: := {cells}
        ahead :LOOK FORWARD: := {cells}"""
    (folder / "m.mdl").write_text(mdl(RANGES + equations), encoding="utf-8")
    ours = capdyn.simulate(capdyn.open_model("m.mdl"), method="euler")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pysd

        model = pysd.read_vensim("m.mdl")
        witness = model.run(return_columns=["x", "series", "held", "ahead"])
        constants = {name: np.asarray(model[name]) for name in ("one", "block", "turned", "down")}
    for name in ("x", "series", "held", "ahead"):
        np.testing.assert_allclose(ours[name], witness[name], err_msg=name)
    for name, values in constants.items():
        np.testing.assert_allclose(ours[name], values, err_msg=name)


class TestOldSpreadsheets:
    """.xls: what a cell holds, and files that are broken in any place."""

    def test_kinds_of_cells(self, folder, variable):
        cells = [["", Formula(2.5), 3, True, Date(36526), "4", -1e-300]]
        write_xls(folder / "kinds.xls", {"S": cells})
        for cell, value in {"B1": 2.5, "C1": 3.0, "G1": -1e-300}.items():
            (component,) = variable(f"x = GET XLS CONSTANTS('kinds.xls', 'S', '{cell}')")
            assert component.expression == Number(value)
        for cell, what in {"A1": "is empty", "D1": "'True'", "E1": "'2000-01-01", "F1": "'4'"}.items():
            with pytest.raises(capdyn.ModelError, match=f"Cell {cell} .*{what}"):
                variable(f"x = GET XLS CONSTANTS('kinds.xls', 'S', '{cell}')")

    def test_whatever_is_broken_is_said(self, folder, variable):
        whole = (folder / "data.xls").read_bytes()
        rng = np.random.default_rng(0)
        outcomes = set()
        for _ in range(200):
            broken = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
            for place in rng.integers(0, len(broken), size=8):
                broken[place] = rng.integers(256)
            (folder / "hurt.xls").write_bytes(broken)
            try:
                variable("x = GET XLS CONSTANTS('hurt.xls', 'Numbers', 'B2')")
                outcomes.add("read")
            except capdyn.ModelError as error:
                (problem,) = error.problems
                assert problem.where.line == 4 and problem.remedy
                outcomes.add("refused")
        assert outcomes == {"read", "refused"}


class TestNamedCells:
    """Names that a workbook gives to cells, in the place of addresses."""

    @pytest.fixture
    def named(self, variable, folder):
        book = openpyxl.load_workbook(folder / "data.xlsx")
        names = {
            "one": "$B$2",
            "block": "$B$2:$D$3",
            "times": "$A$6:$A$8",
            "ways": "$C$6:$C$8",
            "years": "$B$1:$D$1",
            "ys": "$C$6:$C$8",
            "tm": "$A$6:$A$8",  # also the name of a column
            "places": "$A$2:$A$3",
        }
        for name, cells in names.items():
            book.defined_names[name] = DefinedName(name, attr_text=f"Numbers!{cells}")
        book.defined_names["elsewhere"] = DefinedName("elsewhere", attr_text="More!$C$3")
        book.defined_names["formula"] = DefinedName("formula", attr_text="SUM(Numbers!$B$2:$B$3)")
        book.save(folder / "data.xlsx")
        return variable

    def test_constants(self, named):
        assert named("x = " + xls("'one'"))[0].expression == Number(1.0)
        assert named("x = " + xls("'ELSEWHERE'", sheet="More"))[0].expression == Number(7.0)
        assert named("x[Region, Size] = " + xls("'block'"))[0].expression.values == (1, 2, 3, 4, 5, 6)
        assert named("x[Size, Region] = " + xls("'block*'"))[0].expression.values == (1, 4, 2, 5, 3, 6)

    @pytest.mark.parametrize(
        "along, cell, x, y",
        [
            ("times", "ways", (0, 2, 4), (20, 40, 60)),
            ("years", "one", (2000, 2001, 2002), (1, 2, 3)),
            ("times", "C6", (0, 2, 4), (20, 40, 60)),
            ("tm", "ys", (0, 2, 4), (20, 40, 60)),
        ],
    )
    def test_series(self, named, along, cell, x, y):
        call = named("x = " + xls(f"'{along}', '{cell}'", kind="LOOKUPS"))[0]
        assert call.expression == Table(x, y)

    def test_elements(self, named, folder):
        named("x = 1")
        (folder / "m.mdl").write_text(
            "R: " + xls("'places', '', 'the '", kind="SUBSCRIPT") + " ~~|\nx = 1 ~~|", encoding="utf-8"
        )
        assert read("m.mdl").ranges["r"].members == ("the Home", "the Core")

    @pytest.mark.parametrize("name", ["elsewhere", "formula", "on"])
    def test_unknown(self, named, name):
        with pytest.raises(
            capdyn.ModelError, match=f"'{name}' is not the address of a cell, nor the name of cells"
        ):
            named("x = " + xls(f"'{name}'"))
