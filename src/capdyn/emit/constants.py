"""The same number in every lane, as a constant of the IR.

llvmlite would make an object of each lane's number and write each by itself; models have thousands of constants.
"""

from __future__ import annotations

import struct

import llvmlite.ir as ir

_INT, _REAL = ir.IntType(64), ir.DoubleType()


class _Vector(ir.Constant):
    """A constant that knows its text."""

    def __init__(self, kind: ir.Type, one: str, lanes: int):
        self.type = ir.VectorType(kind, lanes)
        self.constant = f"<{', '.join([one] * lanes)}>"

    def _get_reference(self) -> str:
        return self.constant


def real(value: float, lanes: int) -> ir.Constant:
    """A vector of doubles."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return _Vector(_REAL, f"double 0x{bits:016x}", lanes)


def whole(value: int, lanes: int) -> ir.Constant:
    """A vector of 64-bit integers."""
    return _Vector(_INT, f"i64 {value}", lanes)
