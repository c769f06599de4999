"""Spreadsheets and text files beside an equation file, as grids of cells. Nothing in them is ever executed.

A formula counts as the value that the spreadsheet program saved with it. A file is named by a path relative to the
equation file, `..` allowed: reading is harmless, and data are often shared by several models. Absolute paths (they
work on one machine only) and addresses in the network are refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from ..lang.names import did_you_mean
from .tokens import NUMBER

LARGEST_FILE = 100_000_000  # bytes, of a file or of what is packed in it
LARGEST_GRID = 5_000_000  # cells
XLSX = (".xlsx", ".xlsm")
XLS = ".xls"
TEXT = (".csv", ".tab", ".txt", ".tsv", ".dat")
_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})(?::\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6}))?")
_VALUE = re.compile(rf"[-+]?{NUMBER}")

Cell = float | str | None


class Unreadable(Exception):
    """What is wrong with a file, a sheet or a cell, and what to do about it; the caller knows the equation."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet. Rows and columns count from 0.

    name : the file and the sheet, for messages. rows : cells from the left, rows may differ in length.
    areas : by key the named ranges of cells on the sheet: first row and column, last row and column.
    """

    name: str
    rows: list[list[Cell]]
    areas: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)

    def area(self, text: str) -> tuple[int, int, int, int]:
        """First row and column, last row and column of a cell or of a named range of cells.

        Raises
        ------
        Unreadable
            If it is neither.
        """
        text = text.strip()
        if text.lower() in self.areas:
            return self.areas[text.lower()]
        match = _ADDRESS.fullmatch(text)
        if not match:
            raise Unreadable(
                f"'{text}' is not the address of a cell, nor the name of cells in {self.name}.",
                did_you_mean(text, list(self.areas)) or "It reads 'B3': letters and a number.",
            )
        row, column = int(match[2]) - 1, column_of(match[1])
        return row, column, row, column

    def start(self, text: str) -> tuple[int, int]:
        """Row and column of a cell, or of the first cell of a named range."""
        return self.area(text)[:2]

    def cell(self, row: int, column: int) -> Cell:
        """What a cell holds; None if it is empty or beyond the last."""
        cells = self.rows[row] if row < len(self.rows) else []
        return cells[column] if column < len(cells) else None

    def number(self, row: int, column: int) -> float | None:
        """The number in a cell, None if it is empty.

        Raises
        ------
        Unreadable
            If it holds a text.
        """
        value = self.cell(row, column)
        if isinstance(value, str):
            raise Unreadable(
                f"Cell {address(row, column)} of {self.name} holds '{value[:40]}', not a number.",
                "Write a number there, or correct the cell that the equation names.",
            )
        return value


def address(row: int, column: int) -> str:
    """The address of a cell, such as B3."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def column_of(letters: str) -> int:
    """The place of a column by its letters."""
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


@dataclass
class Folder:
    """The folder of an equation file and what has been read there. used : path as written and sha256 of each file."""

    path: Path
    used: dict[str, str] = field(default_factory=dict)
    _data: dict[str, bytes] = field(default_factory=dict)
    _grids: dict[tuple[str, str], Grid] = field(default_factory=dict)

    def grid(self, file: str, tab: str) -> Grid:
        """A sheet of a spreadsheet, or a text file with `tab` or what its ending says between the cells.

        Raises
        ------
        Unreadable
            If there is no such file or sheet, or it cannot be read.
        """
        name = file.replace("\\", "/")
        if (name, tab) not in self._grids:
            data = self._load(file, name)
            ending = Path(name).suffix.lower()
            if ending in XLSX:
                self._grids[name, tab] = _spreadsheet(data, file, tab)
            elif ending == XLS:
                self._grids[name, tab] = _old_spreadsheet(data, file, tab)
            elif ending in TEXT:
                self._grids[name, tab] = _text(data, file, tab, "," if ending == ".csv" else "\t")
            else:
                raise Unreadable(
                    f"'{file}' is not of a kind that can be read.",
                    f"Save it as {' or '.join((*XLSX[:1], *TEXT[:2]))} and name that file.",
                )
        return self._grids[name, tab]

    def _load(self, file: str, name: str) -> bytes:
        if name in self._data:
            return self._data[name]
        if name.startswith("?"):
            raise Unreadable(
                f"'{file}' stands for a file that only Vensim's settings name.",
                "Write the name of the file itself.",
            )
        if "://" in name or name.startswith("//"):
            raise Unreadable(
                f"'{file}' is an address in the network, and nothing is fetched from there.",
                "Save the file beside the equation file and name that.",
            )
        if not name or name.startswith(("/", "~")) or PureWindowsPath(name).drive:
            raise Unreadable(
                f"'{file}' is not a path relative to the equation file.",
                "Put the file into the folder of the equation file and write its name alone.",
            )
        path = self.path / name
        try:
            if not path.is_file():
                near = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
                raise Unreadable(
                    f"There is no file '{file}' (looked for in '{path.parent}').",
                    did_you_mean(path.name, near) or "Put it there, or correct its name.",
                )
            if path.stat().st_size > LARGEST_FILE:
                raise Unreadable(
                    f"'{file}' is larger than {LARGEST_FILE // 1_000_000} MB.", "Cut out what is needed."
                )
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Unreadable(
                f"'{file}' cannot be read: {why}.", "Check its name and its permissions."
            ) from None
        self._data[name] = data
        self.used[name] = hashlib.sha256(data).hexdigest()
        return data

    def digest(self, own: str) -> str:
        """The hash of a model: its file's, and those of the files that it took numbers from, if any."""
        if not self.used:
            return own
        return hashlib.sha256(
            "\n".join([own, *(f"{name} {used}" for name, used in sorted(self.used.items()))]).encode()
        ).hexdigest()


def _spreadsheet(data: bytes, file: str, tab: str) -> Grid:
    """A sheet of an .xlsx file: formulas as the values saved with them."""
    from openpyxl import load_workbook

    broken = Unreadable(f"'{file}' is not a spreadsheet that can be read.", "Save it anew as .xlsx.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_FILE:
                raise Unreadable(
                    f"'{file}' unpacks to more than {LARGEST_FILE // 1_000_000} MB.",
                    "Cut out what is needed.",
                )
            for part in packed.namelist():
                _check_entities(packed.read(part), broken)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Unreadable:
        raise
    except Exception:  # openpyxl raises whatever a broken file makes it stumble over
        raise broken from None
    try:
        sheet = book[_sheet(tab, book.sheetnames, file)]
        areas = _areas(book, sheet.title)
        if not hasattr(sheet, "iter_rows"):
            raise Unreadable(f"The sheet '{tab}' of '{file}' is a chart.", "Name a sheet with cells.")
        sheet.reset_dimensions()  # what the file says about its size may be wrong
        rows: list[list[Cell]] = []
        count = 0
        for row in sheet.iter_rows(values_only=True):
            count += len(row) + 1
            if count > LARGEST_GRID:
                raise _too_large(tab, file)
            rows.append([_cell(value) for value in row])
    except Unreadable:
        raise
    except Exception:
        raise broken from None
    finally:
        book.close()
    return Grid(f"'{file}', sheet '{tab}'", rows, areas)


def _areas(book: Any, sheet: str) -> dict[str, tuple[int, int, int, int]]:
    """The named ranges of cells that lie on a sheet; names of anything else are left out."""
    found = {}
    for name, defined in book.defined_names.items():
        places = [_AREA.fullmatch(cells) for where, cells in defined.destinations if where == sheet]
        if len(places) == 1 and places[0]:
            first, second, third, fourth = places[0].groups()
            row, column = int(second) - 1, column_of(first)
            last = (int(fourth) - 1, column_of(third)) if third else (row, column)
            found[name.lower()] = (row, column, *last)
    return found


def _sheet(tab: str, sheets: list[str], file: str) -> str:
    """The name of a sheet as it is in the file; Vensim does not mind the case."""
    names = {name.lower(): name for name in sheets}
    if tab.lower() not in names:
        raise Unreadable(
            f"'{file}' has no sheet '{tab}'.", did_you_mean(tab, sheets) or f"It has {', '.join(sheets)}."
        )
    return names[tab.lower()]


def _too_large(tab: str, file: str) -> Unreadable:
    return Unreadable(
        f"The sheet '{tab}' of '{file}' has more than {LARGEST_GRID} cells.", "Cut out what is needed."
    )


def _old_spreadsheet(data: bytes, file: str, tab: str) -> Grid:
    """A sheet of an .xls file (Excel 2 to 2003): formulas as the values saved with them."""
    import xlrd

    try:
        # What xlrd wonders about, it writes to its log; nobody reads that.
        with xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True
        ) as book:
            sheet = book.sheet_by_name(_sheet(tab, book.sheet_names(), file))
            rows = [
                [_old_cell(xlrd, cell, book.datemode) for cell in sheet.row(row)]
                for row in range(sheet.nrows)
            ]
    except Unreadable:
        raise
    except Exception:  # xlrd raises whatever a broken file makes it stumble over
        raise Unreadable(
            f"'{file}' is not a spreadsheet that can be read.", "Save it anew as .xlsx, without a password."
        ) from None
    if sum(map(len, rows)) + len(rows) > LARGEST_GRID:
        raise _too_large(tab, file)
    return Grid(f"'{file}', sheet '{tab}'", rows)


def _old_cell(xlrd: Any, cell: Any, datemode: int) -> Cell:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return str(xlrd.xldate_as_datetime(cell.value, datemode))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "an error"))
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    return _cell(bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value)


def _check_entities(part: bytes, broken: Unreadable) -> None:
    """No part of a spreadsheet has a document type; with one, a small file could grow without end."""
    for mark in ("<!DOCTYPE", "<!ENTITY"):
        if any(mark.encode(encoding) in part for encoding in ("utf-8", "utf-16-le", "utf-16-be")):
            raise broken


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, str):
        return value if value and value.strip() else None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return str(value)  # a date, or TRUE


def _text(data: bytes, file: str, tab: str, usual: str) -> Grid:
    """A text file with cells: comma in .csv, tab in others, or the sign that the equation names."""
    if b"\0" in data:
        raise Unreadable(f"'{file}' is not a text file.", "Save it as text in UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # numbers are the same in both
    written = "\t" if tab.lower() in ("\\t", "tab") else tab
    between = written if len(written) == 1 and not written.isalnum() and written not in '"\r\n' else usual
    if text.count(between) + text.count("\n") > LARGEST_GRID:
        raise Unreadable(f"'{file}' has more than {LARGEST_GRID} cells.", "Cut out what is needed.")
    try:
        rows = [
            [_typed(cell) for cell in row]
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=between)
        ]
    except csv.Error as error:
        raise Unreadable(f"'{file}' cannot be read as a table: {error}.", "Save it anew.") from None
    return Grid(f"'{file}'", rows)


def _typed(cell: str) -> Cell:
    cell = cell.strip()
    return float(cell) if _VALUE.fullmatch(cell) and math.isfinite(float(cell)) else cell or None
