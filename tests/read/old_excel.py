"""Writes an .xls file: the records of Excel 97 in a compound file, as little as makes one.

Sources: [MS-XLS] 2.4 (records), [MS-CFB] 2 (sectors, FAT, directory).
"""

from struct import pack

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


class Formula(float):
    """A formula, by the value that the spreadsheet program saved with it."""


class Date(float):
    """A date, in days since 1899-12-30."""


def write_xls(path, sheets):
    """sheets : {name: rows of cells}; a cell is a number, a text, a bool, a `Formula`, a `Date` or None."""
    bodies = [_sheet(rows) for rows in sheets.values()]
    names = [_record(0x85, pack("<IHBB", 0, 0, len(name), 0) + name.encode("latin-1")) for name in sheets]
    # Two cell formats: 0 plain, 1 a date (number format 14).
    formats = b"".join(_record(0xE0, pack("<HH16x", 0, number)) for number in (0, 14))
    start = _record(0x809, pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + formats
    at = len(start) + sum(map(len, names)) + 4
    for i, body in enumerate(bodies):
        names[i] = names[i][:4] + pack("<I", at) + names[i][8:]
        at += len(body)
    path.write_bytes(_compound(start + b"".join(names) + _record(0x0A) + b"".join(bodies)))


def _record(kind, data=b""):
    return pack("<HH", kind, len(data)) + data


def _sheet(rows):
    cells = [
        _cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value is not None
    ]
    return _record(0x809, pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + b"".join(cells) + _record(0x0A)


def _cell(row, column, value):
    place = pack("<HHH", row, column, isinstance(value, Date))
    if isinstance(value, str):
        return _record(0x204, place + pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    if isinstance(value, bool):
        return _record(0x205, place + pack("<BB", value, 0))
    if isinstance(value, Formula):
        return _record(0x06, place + pack("<dHIH", value, 0, 0, 0))
    return _record(0x203, place + pack("<d", value))


def _compound(stream):
    stream += bytes(max(4096 - len(stream), -len(stream) % 512))
    count = -(-len(stream) // 512)
    stream += bytes(count * 512 - len(stream))
    chain = [_FAT, _END, *range(3, count + 2), _END]
    assert len(chain) <= 128, "one sector of FAT"
    fat = pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    root = _entry("Root Entry", 5, 1, _END, 0)
    book = _entry("Workbook", 2, _FREE, 2, len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += pack("<109I", 0, *[_FREE] * 108)
    return header + fat + root + book + _entry("", 0, _FREE, 0, 0) * 2 + stream


def _entry(name, kind, child, start, size):
    text = name.encode("utf-16-le") + b"\0\0" if name else b""
    return (
        text.ljust(64, b"\0")
        + pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
        + bytes(36)
        + pack("<IQ", start, size)
    )
