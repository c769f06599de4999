"""Subscript ranges: elements in order, copies, mappings, and the dimensions of each variable."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Problem
from ..lang.model import Model, Variable
from ..lang.names import did_you_mean, key
from .places import place, written


@dataclass(frozen=True)
class Ranges:
    """The subscripts of a model.

    elements : element keys of each range, in order, ranges inside ranges written out.
    labels : how a range or an element is written.
    maps : (from, to) for which the elements correspond one to one by order.
    """

    elements: dict[str, tuple[str, ...]]
    labels: dict[str, str]
    maps: frozenset[tuple[str, str]]
    first_range: dict[str, str]

    def is_range(self, name: str) -> bool:
        return name in self.elements

    def is_element(self, name: str) -> bool:
        return name in self.first_range

    def corresponding(self, source: str, target: str) -> tuple[str, ...] | None:
        """Elements of `target` in the order of those of `source`, if the two are the same, copies or mapped."""
        if source == target:
            return self.elements[source]
        if (source, target) in self.maps or (target, source) in self.maps:
            return self.elements[target]
        return None


def flatten(model: Model, problems: list[Problem]) -> Ranges:
    """The ranges with copies and ranges of ranges written out; mistakes go to `problems`."""
    elements: dict[str, tuple[str, ...]] = {}
    labels: dict[str, str] = {}
    maps: set[tuple[str, str]] = set()

    def members(name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if name in elements:
            return elements[name]
        declared = model.ranges[name]
        if name in above:
            circle = " -> ".join(model.ranges[n].name for n in (*above[above.index(name) :], name))
            problems.append(
                Problem(
                    f"Subscript ranges contain one another: {circle}.",
                    declared.where,
                    "List the elements in one of them.",
                )
            )
            return ()
        found: list[str] = []
        names = (declared.copy_of,) if declared.copy_of else declared.members
        for member in names:
            member_key = key(member)
            labels.setdefault(member_key, member.strip())
            found.extend(members(member_key, (*above, name)) if member_key in model.ranges else [member_key])
        return tuple(dict.fromkeys(found))

    for name, declared in model.ranges.items():
        labels[name] = declared.name
    for name, declared in model.ranges.items():
        elements[name] = members(name, ())
        if declared.copy_of:
            maps.add((name, key(declared.copy_of)))
    for name, declared in model.ranges.items():
        for other in declared.mapped_to:
            target = key(other)
            if target not in elements:
                problems.append(
                    Problem(
                        f"'{declared.name}' is mapped to '{other}', which is no subscript range.",
                        declared.where,
                        did_you_mean(other, labels.values()),
                    )
                )
            elif len(elements[target]) != len(elements[name]):
                problems.append(
                    Problem(
                        f"'{declared.name}' has {len(elements[name])} elements and is mapped to '{other}', "
                        f"which has {len(elements[target])}.",
                        declared.where,
                        "Only mappings one to one in order are supported.",
                    )
                )
            else:
                maps.add((name, target))
    first_range: dict[str, str] = {}
    for name, found in elements.items():
        for element in found:
            first_range.setdefault(element, name)
    return Ranges(elements, labels, frozenset(maps), first_range)


def dimensions(variable: Variable, ranges: Ranges, problems: list[Problem]) -> tuple[str, ...] | None:
    """Range of each dimension of a variable: the one that its equations cover exactly, or the smallest around them."""
    counts = {len(component.subscripts) for component in variable.components}
    if len(counts) != 1:
        problems.append(
            Problem(
                f"The equations of '{variable.name}' have different numbers of subscripts.",
                variable.where,
                "Give each equation the same number.",
            )
        )
        return None
    dims: list[str] = []
    for number in range(counts.pop()):
        covered: dict[str, None] = {}
        named: list[str] = []
        for component in variable.components:
            name = component.subscripts[number]
            if ranges.is_range(name):
                named.append(name)
                covered.update(dict.fromkeys(ranges.elements[name]))
            elif ranges.is_element(name):
                covered[name] = None
            else:
                problems.append(
                    Problem(
                        f"'{written(component, name)}' is no subscript range and no element.",
                        place(component, name),
                        did_you_mean(name, ranges.labels.values())
                        or "Define the range before its first use.",
                    )
                )
                return None
        around = [*named, *ranges.elements]
        exact = [name for name in around if set(ranges.elements[name]) == covered.keys()]
        wider = [name for name in around if covered.keys() <= set(ranges.elements[name])]
        if not wider:
            problems.append(
                Problem(
                    f"The subscripts of '{variable.name}' at place {number + 1} belong to no common range: "
                    f"{', '.join(ranges.labels[name] for name in covered)}.",
                    variable.where,
                    "Define a range that holds all of them.",
                )
            )
            return None
        dims.append(exact[0] if exact else min(wider, key=lambda name: len(ranges.elements[name])))
    return tuple(dims)
