"""Subscript ranges: elements in order, copies, mappings, and the dimensions of each variable."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Problem
from ..lang.model import Model, SubscriptRange, Variable
from ..lang.names import did_you_mean, key
from .places import place, written


@dataclass(frozen=True)
class Ranges:
    """The subscripts of a model.

    elements : element keys of each range, in order, ranges inside ranges written out.
    labels : how a range or an element is written.
    maps : for (own, other) the elements of `other` that correspond to those of `own`, in the order of these.
    family : for each element the longest range that it is in, the first of equally long ones.
    apart : ranges that number their elements by themselves.
    """

    elements: dict[str, tuple[str, ...]]
    labels: dict[str, str]
    maps: dict[tuple[str, str], tuple[str, ...]]
    family: dict[str, str]
    apart: frozenset[str]

    def is_range(self, name: str) -> bool:
        return name in self.elements

    def is_element(self, name: str) -> bool:
        return name in self.family

    def numbered(self, name: str) -> tuple[str, ...]:
        """The elements among which those of a range, or an element, are counted where it stands as a number.

        An element has one number wherever it stands, also through a part of its family.
        """
        own = self.elements.get(name, (name,))
        if name in self.apart:
            return own
        family = self.elements[self.family[own[0]]] if own else ()
        return family if set(own) <= set(family) else own

    def corresponding(self, source: str, target: str) -> tuple[str, ...] | None:
        """Elements of `target` in the order of those of `source`, if the two are the same, copies or mapped.

        `source` may also be a part of a range of which this is true.
        """
        if source == target:
            return self.elements[source]
        if (source, target) in self.maps:
            return self.maps[source, target]
        own = self.elements[source]
        for (wider, other), partners in self.maps.items():  # a part of a mapped range is mapped with it
            order = self.elements[wider]
            if other == target and set(own) <= set(order):
                return tuple(partners[order.index(element)] for element in own)
        return None


def flatten(model: Model, problems: list[Problem]) -> Ranges:
    """The ranges with copies and ranges of ranges written out; mistakes go to `problems`."""
    elements, labels = _written_out(model, problems)
    maps: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, declared in model.ranges.items():
        copied = key(declared.copy_of)
        if copied in elements:
            maps |= {(name, copied): elements[copied], (copied, name): elements[name]}
        elif copied:
            what = f"'{declared.name}' is a copy of '{declared.copy_of}', which is no subscript range."
            problems.append(Problem(what, declared.where, _correct(declared.copy_of, labels)))
        orders = declared.orders or ((),) * len(declared.mapped_to)
        for other, order in zip(declared.mapped_to, orders, strict=True):
            maps |= _mapped(declared, other, tuple(map(key, order)), elements, labels, problems)
    family: dict[str, str] = {}
    for name in sorted(elements, key=lambda name: -len(elements[name])):
        for element in elements[name]:
            family.setdefault(element, name)
    apart = frozenset(name for name, declared in model.ranges.items() if declared.apart)
    return Ranges(elements, labels, maps, family, apart)


def _written_out(model: Model, problems: list[Problem]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The elements of each range, and the names of ranges and elements as they are written, by key."""
    elements: dict[str, tuple[str, ...]] = {}
    labels = {name: declared.name for name, declared in model.ranges.items()}

    def members(name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if name in elements:
            return elements[name]
        declared = model.ranges[name]
        if name in above:
            circle = " -> ".join(model.ranges[n].name for n in (*above[above.index(name) :], name))
            problem = Problem(
                f"Subscript ranges contain one another: {circle}.",
                declared.where,
                "List the elements in one of them.",
            )
            if len(above) == 1:
                what = f"The subscript range '{declared.name}' has an element of its own name."
                problem = Problem(what, declared.where, "Rename one: capital and small letters are the same.")
            if problem not in problems:
                problems.append(problem)
            return ()
        found: list[str] = []
        for member in (declared.copy_of,) if declared.copy_of else declared.members:
            member_key = key(member)
            labels.setdefault(member_key, member.strip())
            found.extend(members(member_key, (*above, name)) if member_key in model.ranges else [member_key])
        return tuple(dict.fromkeys(found))

    for name in model.ranges:
        elements[name] = members(name, ())
    return elements, labels


def _mapped(
    declared: SubscriptRange,
    other: str,
    order: tuple[str, ...],
    elements: dict[str, tuple[str, ...]],
    labels: dict[str, str],
    problems: list[Problem],
) -> dict[tuple[str, str], tuple[str, ...]]:
    """What a mapping adds. order : the other range's elements, where they are listed."""
    name, target = declared.key, key(other)
    if target not in elements:
        what = f"'{declared.name}' is mapped to '{other}', which is no subscript range."
        problems.append(Problem(what, declared.where, _correct(other, labels)))
        return {}
    if order:
        return _listed(declared, target, order, elements, labels, problems)
    if len(elements[target]) != len(elements[name]):
        what = (
            f"'{declared.name}' has {len(elements[name])} elements and is mapped to '{other}', "
            f"which has {len(elements[target])}."
        )
        remedy = f"List what corresponds to each element: -> ({other}: element, range of elements, ...)"
        problems.append(Problem(what, declared.where, remedy))
        return {}
    return {(name, target): elements[target], (target, name): elements[name]}


def _correct(name: str, labels: dict[str, str]) -> str:
    return did_you_mean(name, labels.values()) or "Define it, or correct the name."


def _listed(
    declared: SubscriptRange,
    target: str,
    order: tuple[str, ...],
    elements: dict[str, tuple[str, ...]],
    labels: dict[str, str],
    problems: list[Problem],
) -> dict[tuple[str, str], tuple[str, ...]]:
    """The maps of `own -> (target: ...)`, in which an element or a range of elements follows for each own element.

    Source: https://www.vensim.com/documentation/ref_subscript_mapping.html .
    """

    def wrong(what: str, remedy: str) -> dict[tuple[str, str], tuple[str, ...]]:
        problems.append(Problem(what, declared.where, remedy))
        return {}

    own, there = elements[declared.key], elements[target]
    if len(order) != len(own):
        return wrong(
            f"'{declared.name}' has {len(own)} elements, and its mapping to '{labels[target]}' lists {len(order)}.",
            "List one element or range of elements for each.",
        )
    back: dict[str, str] = {}
    for element, entry in zip(own, order, strict=True):
        for one in elements.get(entry, (entry,)):
            if one not in there:
                return wrong(
                    f"'{labels.get(one, one)}' in the mapping of '{declared.name}' is no element of "
                    f"'{labels[target]}'.",
                    did_you_mean(one, [labels[e] for e in there]) or "Correct it.",
                )
            if back.setdefault(one, element) != element:
                return wrong(
                    f"'{labels[one]}' stands twice in the mapping of '{declared.name}' to '{labels[target]}'.",
                    "Each element can correspond to one only.",
                )
    missing = [one for one in there if one not in back]
    if missing:
        return wrong(
            f"The mapping of '{declared.name}' to '{labels[target]}' leaves out '{labels[missing[0]]}'.",
            "Add it, or map to a smaller range.",
        )
    found = {(target, declared.key): tuple(back[one] for one in there)}
    if not any(entry in elements for entry in order):
        found[declared.key, target] = order
    return found


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
