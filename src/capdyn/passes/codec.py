"""Systems as text and back; see `capdyn.lang.codec`."""

from __future__ import annotations

from ..errors import Where
from ..lang.codec import Codec
from ..lang.expressions import Table
from .system import (
    Axis,
    Circle,
    Clock,
    Const,
    Equation,
    Fixed,
    Interpolate,
    Load,
    Op,
    Position,
    Reduce,
    Root,
    Switch,
    Symbol,
    System,
    Unknown,
)

SYSTEMS = Codec(
    System, Symbol, Equation, Switch, Circle, Where, Table, Fixed, Axis, Const, Load, Clock, Position, Op, Reduce,
    Interpolate, Unknown, Root,
    later={System: ("symbols", "constants", "initial", "flows", "outputs")},
)  # fmt: skip
