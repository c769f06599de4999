"""GET XLS and GET DIRECT ... CONSTANTS, LOOKUPS, DATA and SUBSCRIPT: numbers from files beside the equations.

Read when the model is read, so that they become literals like any other: constants stay parameters that a scenario
may change, series become tables. Sources: https://www.vensim.com/documentation/fn_get_direct_constants.html,
fn_get_direct_data.html, fn_get_direct_lookups.html, fn_get_direct_subscript.html .
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, product
from math import prod

from ..errors import Problem, Where
from ..lang.expressions import Array, Call, Expression, Number, Reference, Table, Text, walk
from ..lang.model import Component, SubscriptRange, Variable
from ..lang.names import key
from .sheets import Folder, Grid, Unreadable, address, column_of

KINDS = {"get constants": 3, "get lookups": 4, "get data": 4}  # with their numbers of arguments
CLOSED = ("get vdf ", "get 123 ", "get odbc ")  # files that only Vensim reads
_GET = re.compile(r"\bGET\s+(?:XLS|DIRECT|VDF|123|ODBC)\b", re.IGNORECASE)
_SUBSCRIPT = re.compile(r"\s*GET\s+(?:XLS|DIRECT)\s+SUBSCRIPT\s*\((?P<arguments>[^()]*)\)", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\s*'([^'\r\n]*)'\s*(?:,|\Z)")
LARGEST_RANGE = 10_000  # elements


def resolve(
    variables: dict[str, Variable],
    ranges: dict[str, SubscriptRange],
    folder: Folder,
    texts: dict[str, str],
    problems: list[Problem],
) -> dict[str, Variable]:
    """The variables with what stands in files in place of the names of the files; mistakes go to `problems`.

    texts : string variables by key, which may name files, sheets and cells.
    """
    done = {}
    for name, variable in variables.items():
        components: list[Component] = []
        for component in variable.components:
            try:
                components += _component(component, ranges, folder, texts)
            except Unreadable as error:
                problems.append(Problem(error.what, _where(component), error.remedy))
        done[name] = replace(variable, components=tuple(components) or variable.components)
    return done


def _where(component: Component) -> Where:
    """The place of the GET in an equation."""
    match = _GET.search(component.text)
    before = component.text[: match.start()] if match else ""
    where = component.where
    if "\n" in before:
        return Where(where.file, where.line + before.count("\n"), len(before) - before.rfind("\n"))
    return Where(where.file, where.line, where.column + len(before))


def _component(
    component: Component, ranges: dict[str, SubscriptRange], folder: Folder, strings: dict[str, str]
) -> list[Component]:
    """The component, or one for each element if each has a series of its own."""
    call = component.expression
    for here in walk(call):
        if isinstance(here, Call) and here.function.startswith(CLOSED):
            raise Unreadable(
                f"{here.function.upper()} reads files of Vensim's own.",
                "Export them as .csv or .xlsx and use GET DIRECT.",
            )
        if isinstance(here, Call) and here.function in KINDS and here is not call:
            raise Unreadable(
                f"{here.function.upper()} stands inside a formula.",
                "Give it a variable of its own, right after the equals sign.",
            )
    if not isinstance(call, Call) or call.function not in KINDS:
        return [component]
    texts = [
        a.value if isinstance(a, Text) else strings.get(a.name, "") if isinstance(a, Reference) else ""
        for a in call.arguments[: KINDS[call.function]]
    ]
    if len(texts) != KINDS[call.function] or "" in (texts[0], texts[-1]):
        raise Unreadable(
            "The arguments of GET ... are not all texts in single quotation marks.",
            "They read: ('file.xlsx', 'sheet', 'B3'), or name a text: file :IS: 'file.xlsx'",
        )
    axes = [_elements(name, ranges, ()) if name in ranges else (name,) for name in component.subscripts]
    if call.function == "get constants":
        file, tab, cell = texts
        sizes = [len(axis) for name, axis in zip(component.subscripts, axes, strict=True) if name in ranges]
        return [replace(component, expression=_constants(folder.grid(file, tab), cell, sizes))]
    file, tab, along, cell = texts
    is_data = call.function == "get data"
    tables = _series(folder.grid(file, tab), along, cell, axes, is_data)
    expressions: Iterable[Expression] = tables
    if is_data:
        mode = next((a.value for a in call.arguments[4:] if isinstance(a, Text)), "")
        expressions = [Call("data", (table, Text(mode))) for table in tables]
    return [
        replace(component, subscripts=place, expression=expression)
        for place, expression in zip(product(*axes), expressions, strict=True)
    ]


def _elements(name: str, ranges: dict[str, SubscriptRange], above: tuple[str, ...]) -> tuple[str, ...]:
    """Element keys of a range, ranges inside ranges written out (circles are found later, by the passes)."""
    if name not in ranges or name in above:
        return () if name in above else (name,)
    one = ranges[name]
    members = (one.copy_of,) if one.copy_of else one.members
    return tuple(
        dict.fromkeys(e for member in members for e in _elements(key(member), ranges, (*above, name)))
    )


def _constants(grid: Grid, cell: str, sizes: list[int]) -> Number | Array:
    """A number, a row or a block: the last subscript goes across, the one before it down; with '*' the other way."""
    row, column = grid.start(cell.strip().removesuffix("*"))
    *others, down, across = [1, 1, *sizes]
    if max(others, default=1) > 1:
        raise Unreadable(
            "A block of cells has two directions, and this equation has more than two ranges.",
            "Write one equation for each element of the first.",
        )
    values = []
    for i, j in product(range(down), range(across)):
        place = (row + j, column + i) if cell.strip().endswith("*") else (row + i, column + j)
        number = grid.number(*place)
        if number is None:
            raise Unreadable(
                f"Cell {address(*place)} of {grid.name} is empty; this equation needs {down} x {across} "
                f"numbers from {address(row, column)} on."
                if down * across > 1
                else f"Cell {address(*place)} of {grid.name} is empty.",
                "Write a number there. A formula counts once a spreadsheet program has saved its value.",
            )
        values.append(number)
    if not sizes:
        return Number(values[0])
    return Array(tuple(values), tuple(size for size in (down, across) if size > 1) or (1,))


def _series(grid: Grid, along: str, cell: str, axes: list[tuple[str, ...]], is_data: bool) -> list[Table]:
    """A table for each element: x in the row or column `along`, the elements side by side from `cell` on."""
    row, column = grid.start(cell.strip().removesuffix("*"))
    if sum(len(axis) > 1 for axis in axes) > 1:
        raise Unreadable(
            "Series from a file run along one subscript range, and this equation has several.",
            "Write one equation for each element of the others.",
        )
    along = along.strip()
    count = prod(map(len, axes))
    if re.fullmatch(r"[1-9][0-9]{0,6}", along):
        x_row = int(along) - 1
        xs = [(x_row, j) for j in range(column, grid.width)]
        moved = [[(row + k, j) for _, j in xs] for k in range(count)]
    elif along.lower() in grid.areas:
        first_row, first_column, last_row, last_column = grid.areas[along.lower()]
        xs = list(product(range(first_row, last_row + 1), range(first_column, last_column + 1)))
        across = first_row == last_row and first_column < last_column
        moved = [
            [(row + k, column + i) if across else (row + i, column + k) for i in range(len(xs))]
            for k in range(count)
        ]
    elif re.fullmatch(r"[A-Za-z]{1,3}", along):
        x_column = column_of(along)
        xs = [(i, x_column) for i in range(row, grid.height)]
        moved = [[(i, column + k) for i, _ in xs] for k in range(count)]
    else:
        raise Unreadable(
            f"'{along}' is neither a row nor a column.",
            "Write the letter of the column, the number of the row or the name of the cells that hold time (or x).",
        )
    return [_table(grid, xs, ys, is_data) for ys in moved]


def _table(grid: Grid, xs: list[tuple[int, int]], ys: list[tuple[int, int]], is_data: bool) -> Table:
    """The points of one series. An x without a y is no point; a text where x should be, and no y, is a note."""
    what = "time" if is_data else "x"
    points: list[tuple[float, float]] = []
    for x_place, y_place in zip(xs, ys, strict=True):
        if grid.cell(*y_place) is None and isinstance(grid.cell(*x_place), str):
            continue
        x = grid.number(*x_place)
        if x is None:
            if isinstance(grid.cell(*y_place), float):
                raise Unreadable(
                    f"Cell {address(*y_place)} of {grid.name} has a number, and its {what} in cell "
                    f"{address(*x_place)} is empty.",
                    "Fill it in, or clear both.",
                )
            continue
        y = grid.number(*y_place)
        if y is not None:
            points.append((x, y))
    if not points:
        start = address(*ys[0]) if ys else "the cell that is named"
        raise Unreadable(
            f"There are no numbers from {start} on in {grid.name}.", "Correct the cell, or the row or column."
        )
    points.sort(key=lambda point: point[0])
    twice = next((x for (x, _), (after, _) in pairwise(points) if x == after), None)
    if is_data and twice is not None:
        raise Unreadable(f"Time {twice:g} comes twice in {grid.name}.", "Leave one value.")
    return Table(tuple(x for x, _ in points), tuple(y for _, y in points))


def is_subscript(text: str) -> bool:
    """Whether the right-hand side of a range takes its elements from a file."""
    return bool(re.match(r"\s*GET\s+(?:XLS|DIRECT)\s+SUBSCRIPT\s*\(", text, re.IGNORECASE))


def subscript(text: str, folder: Folder) -> tuple[list[str], int]:
    """The elements that GET ... SUBSCRIPT('file', 'sheet', 'first cell', 'last cell', 'prefix') names, and its end.

    Cells count across, then down; empty ones are left out. The last cell may be a column, a row, or nothing, and
    then the sheet goes on to its end, or the named range of cells to its own.

    Raises
    ------
    Unreadable
        If the file, the sheet or the cells are not there.
    """
    match = _SUBSCRIPT.match(text)
    texts: list[str] = []
    if match:
        place = 0
        while (argument := _ARGUMENTS.match(match["arguments"], place)) and argument.end() > place:
            texts.append(argument[1])
            place = argument.end()
    if not match or len(texts) not in (4, 5) or place < len(match["arguments"]):
        raise Unreadable(
            "GET ... SUBSCRIPT takes five texts in single quotation marks.",
            "They read: ('file.xlsx', 'sheet', 'A2', 'A9', 'prefix'); the prefix may be ''.",
        )
    file, tab, first, last, prefix = (*texts, "")[:5]
    grid = folder.grid(file, tab)
    row, column = grid.start(first)
    named = not last.strip() and first.strip().lower() in grid.areas
    last_row, last_column = grid.area(first)[2:] if named else _last(last.strip(), grid)
    members: dict[str, tuple[str, str]] = {}  # by key: the element and its cell
    for i, j in product(
        range(row, min(last_row + 1, grid.height)), range(column, min(last_column + 1, grid.width))
    ):
        value = grid.cell(i, j)
        if value is None:
            continue
        written = f"{value:g}" if isinstance(value, float) else " ".join(value.split())
        name = prefix + written
        _, before = members.setdefault(key(name), (name, address(i, j)))
        if before != address(i, j):
            raise Unreadable(
                f"The element '{name}' stands in cells {before} and {address(i, j)} of {grid.name}.",
                "Leave one.",
            )
        if len(members) > LARGEST_RANGE:
            raise Unreadable(
                f"There are more than {LARGEST_RANGE} elements in {grid.name}.", "Name the last cell."
            )
    if not members:
        raise Unreadable(f"There are no elements from cell {first} on in {grid.name}.", "Correct the cells.")
    return [name for name, _ in members.values()], match.end()


def _last(text: str, grid: Grid) -> tuple[int, int]:
    if not text:
        return grid.height - 1, grid.width - 1
    if text.isdecimal():
        return int(text) - 1, grid.width - 1
    if text.isascii() and text.isalpha() and len(text) <= 3:
        return grid.height - 1, column_of(text)
    return grid.area(text)[2:]
