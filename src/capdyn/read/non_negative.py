"""XMILE's stocks that may not become negative: what flows out of them is no more than there is.

Source: "Stocks are kept from going negative by constraining their outflows as necessary",
https://iseesystems.com/resources/help/v4/Content/02-GettingStarted/Default_Options.htm . Outflows take what is left
in the order in which the stock names them; what flows in during the step counts, unless it depends on the outflow.
What there is, is looked at when a step begins, so that the stages of a Runge-Kutta step do not take from it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from ..lang.expressions import Call, Expression, Number, Reference, walk
from ..lang.model import Component, Variable

STOCK = "integ non negative"
Flows = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


def limit_outflows(variables: Mapping[str, Variable], flows: Flows) -> dict[str, Variable]:
    """The variables, outflows of such stocks limited to what is in them.

    flows : for each stock by key the keys of its inflows and of its outflows.
    """
    found = dict(variables)
    uses = {name: _used(variable) for name, variable in variables.items()}
    for stock, (inflows, outflows) in flows.items():
        if stock not in found or not all(_is_kept(c) for c in found[stock].components):
            continue
        done: list[str] = []
        for flow in (name for name in dict.fromkeys(outflows) if name in found):
            free = [
                [name for name in names if name in found and not _reaches(name, flow, uses)]
                for names in (inflows, done)
            ]
            limited = [_limited(c, stock, free, found) for c in found[flow].components]
            found[flow] = replace(found[flow], components=tuple(limited))
            uses[flow] = uses[flow] | {name for names in free for name in names}
            done.append(flow)
    return found


def _is_kept(component: Component) -> bool:
    return isinstance(component.expression, Call) and component.expression.function == STOCK


def _used(variable: Variable) -> frozenset[str]:
    """What the value of a variable depends on at the same moment; that of a stock on nothing."""
    return frozenset(
        here.name
        for component in variable.components
        if not (isinstance(component.expression, Call) and component.expression.function in ("integ", STOCK))
        for here in walk(component.expression)
        if isinstance(here, Reference)
    )


def _reaches(start: str, end: str, uses: Mapping[str, frozenset[str]]) -> bool:
    """Whether a variable is computed from another."""
    seen, new = {start}, {start}
    while new and end not in seen:
        new = {name for one in new for name in uses.get(one, ())} - seen
        seen |= new
    return end in seen


def _limited(
    component: Component, stock: str, free: list[list[str]], variables: Mapping[str, Variable]
) -> Component:
    """The equation of an outflow, at most what the stock holds, what flows in, less what flows out before it."""

    def there(name: str) -> Expression:
        own = variables[name].components[0].subscripts
        return Reference(name, component.subscripts if own else ())

    sizes = {len(variables[name].components[0].subscripts) for name in (stock, *free[0], *free[1])}
    if not sizes <= {0, len(component.subscripts)}:
        return component
    room: Expression = Call("/", (there(stock), Reference("time step")))
    for sign, names in zip("+-", free, strict=True):
        room = reduce(lambda left, name, sign=sign: Call(sign, (left, there(name))), names, room)  # type: ignore[misc]
    most = Call("#over the step", (Call("max", (Number(0.0), room)),))
    return replace(component, expression=Call("min", (component.expression, most)))
