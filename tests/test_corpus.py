"""The corpus: small models, one a feature, each with values that were not made by capdyn (`corpus/make.py`)."""

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import capdyn
from capdyn.emit.engine import FIXED_METHODS, Steps
from capdyn.emit.kernel import Kernel
from capdyn.lang.expressions import Call, Table, walk
from capdyn.lang.functions import FUNCTIONS, UNSUPPORTED
from capdyn.passes import system as ir
from capdyn.passes.system import Switch, System
from capdyn.read import adapt
from capdyn.run.compare import compare
from capdyn.run.scenario import resolve
from capdyn.run.simulate import begin, fill, read_clock
from capdyn.run.table import read_table
from corpus import make

CORPUS = Path(make.__file__).parent
FOLDERS = sorted(path.parent for path in CORPUS.glob("*/source.toml"))


@cache
def source(folder: Path) -> dict:
    return tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))


@cache
def opened(folder: Path) -> capdyn.Model:
    (file,) = folder.glob("model.*")
    return capdyn.open_model(file)


def cases():
    return [
        pytest.param(folder, method, id=f"{folder.name}-{method}")
        for folder in FOLDERS
        for method in source(folder)["methods"]
    ]


@pytest.mark.parametrize("folder, method", cases())
@pytest.mark.parametrize("engine", ["kernel", "interpret"])
def test_expected(folder, method, engine):
    result = capdyn.simulate(opened(folder), method=method, engine=engine)
    (expected,) = read_table(folder / "expected.csv")
    rtol = source(folder)["rtol"]
    np.testing.assert_allclose(result["time"].values, expected.times, rtol=1e-12)
    wrong = [d for d in compare(result, folder / "expected.csv", rtol) if not d.ok or d.missing == "a"]
    assert not wrong, source(folder)["probe"]


def everything(machine, model: capdyn.Model, method: str) -> np.ndarray:
    """All numbers of a System at each save point, shape (n_saves, n_slots, n_lanes)."""
    settings = resolve(model.system, None, model.folder, None, None, None, method)
    values = machine.values()
    fill(machine, values, settings)
    clock = read_clock(machine, values, settings, model)
    begin(machine, values, clock)
    slots = np.arange(machine.layout.own)
    out = np.empty((len(clock.steps.saves), len(slots), machine.lanes))
    machine.march(method, values, clock.steps, slots, out, np.empty(machine.lanes, dtype=np.int64))
    return out


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_kernel_and_interpreter_agree(folder):
    """Every number of the System, hidden stocks included, at every save point."""
    model = opened(folder)
    method = source(folder)["methods"][0]
    method = method if method in FIXED_METHODS else "rk4"
    fast, slow = (everything(model.engine(kind), model, method)[:, :, 0] for kind in ("kernel", "interpret"))
    np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-300)


TOGETHER = 24  # models that are compiled as one for the next test: what a kernel costs, it costs but once
GROUPS = [tuple(FOLDERS[i : i + TOGETHER]) for i in range(0, len(FOLDERS), TOGETHER)]


@pytest.mark.parametrize("group", GROUPS, ids=[group[0].name for group in GROUPS])
@pytest.mark.parametrize("method", FIXED_METHODS)
def test_any_number_of_lanes_gives_the_same_bytes(group, method):
    """With 1, 2, 4 and 8 members at once, on every lane."""
    found = []
    for lanes in (1, 2, 4, 8):
        machine = kernel(group, lanes)
        system = machine.layout.system
        values = machine.values()
        for symbol in system.of_kind("parameter"):
            values[list(machine.layout.slots(symbol.name))] = np.asarray(symbol.values, dtype=float)[:, None]
        for program in ("constants", "initial"):
            machine.run(program, values, 0.0, 0.0, 0.25)
        steps = Steps(0.0, 0.25, np.arange(17))
        out = np.empty((17, machine.layout.size, lanes))
        machine.march(
            method, values, steps, np.arange(machine.layout.size), out, np.empty(lanes, dtype=np.int64)
        )
        found += [(lanes, lane, np.ascontiguousarray(out[:, :, lane])) for lane in range(lanes)]
    first = found[0][2].view(np.int64)
    for lanes, lane, other in found[1:]:
        wrong = np.flatnonzero((other.view(np.int64) != first).any(axis=0))
        names = [name for name in system.symbols if set(machine.layout.slots(name)) & set(wrong.tolist())]
        assert not names, f"lane {lane} of {lanes}"


@cache
def kernel(group: tuple[Path, ...], lanes: int) -> Kernel:
    """The models of a group as one; compiled once for all three methods."""
    return Kernel(together([opened(folder).system for folder in group]), lanes)


def together(systems: list[System]) -> System:
    """One System of several, the name of its model's place before each symbol's."""
    parts = [renamed(system, f"{place}: ") for place, system in enumerate(systems)]

    def joined(field: str):
        values = [getattr(part, field) for part in parts]
        return (
            {k: v for value in values for k, v in value.items()}
            if isinstance(values[0], dict)
            else sum(values, ())
        )

    fields = [name for name in System.__dataclass_fields__ if name != "name"]
    return System(" + ".join(system.name for system in systems), **{field: joined(field) for field in fields})


def renamed(system: System, before: str) -> System:
    """The System with something before the name of every symbol."""

    def node(here: ir.Node) -> ir.Node:
        if isinstance(here, ir.Load):
            return replace(here, symbol=before + here.symbol)
        return ir.rebuild(here, {i: node(child) for i, child in enumerate(ir.inside(here))})

    def names(pairs: dict[str, str]) -> dict[str, str]:
        return {before + k: before + v for k, v in pairs.items()}

    programs = {
        program: tuple(
            replace(equation, target=before + equation.target, node=node(equation.node))
            for equation in getattr(system, program)
        )
        for program in ("constants", "initial", "flows", "outputs")
    }
    return replace(
        system,
        symbols={before + name: replace(s, name=before + name) for name, s in system.symbols.items()},
        switches=tuple(Switch(before + s.time, before + s.every if s.every else "") for s in system.switches),
        held=tuple(before + name for name in system.held),
        floored=tuple(before + name for name in system.floored),
        **{field: names(getattr(system, field)) for field in ("derivatives", "memories", "lags")},
        **programs,
    )


@pytest.mark.parametrize("case", make.CASES, ids=[case.name for case in make.CASES])
def test_files_are_what_the_generator_writes(case):
    for name, text in make.files(case).items():
        written = (CORPUS / case.name / name).read_bytes().decode("utf-8")
        assert written == text, f"{case.name}/{name}: run python tests/corpus/make.py"


INSIDE = {"#draw", "#normal quantile", "#normal cumulative"}  # what the random functions are written in


class TestCoverage:
    """A function or a kind of node that is added without a model in the corpus fails here."""

    @staticmethod
    def expressions():
        for folder in FOLDERS:
            model = opened(folder).source
            for variables in (model.variables, *(macro.variables for macro in model.macros.values())):
                for variable in variables.values():
                    for component in variable.components:
                        yield from walk(component.expression)

    def test_every_function_and_every_kind_of_expression(self):
        found = list(self.expressions())
        called = {here.function for here in found if isinstance(here, Call)}
        assert FUNCTIONS.keys() - called == INSIDE
        kinds = {type(here).__name__ for here in found}
        assert {
            "Number",
            "Reference",
            "Table",
            "Array",
            "Call",
        } - kinds == set()  # Text: in calls that are not run
        outside = {here.outside for here in found if isinstance(here, Table)}
        assert set(adapt.OUTSIDE.values()) - outside == set()

    def test_every_node_of_the_parser_that_is_supported(self):
        called = {here.function for here in self.expressions() if isinstance(here, Call)}
        lacking = {
            name
            for name, (function, _) in adapt.FIELDS.items()
            if function not in called and function not in UNSUPPORTED
        }
        assert lacking == set()

    def test_every_part_of_a_system(self):
        systems = [opened(folder).system for folder in FOLDERS]
        nodes = [
            node
            for system in systems
            for program in ("constants", "initial", "flows", "outputs")
            for equation in getattr(system, program)
            for node in ir.walk(equation.node)
        ]
        assert {type(node) for node in nodes} == set(ir.Node.__args__)
        assert {node.which for node in nodes if isinstance(node, ir.Clock)} == {"time", "held", "step"}
        used = {
            kind.name
            for kind in System.__dataclass_fields__.values()
            if any(getattr(s, kind.name) for s in systems)
        }
        assert System.__dataclass_fields__.keys() - used == set()

    def test_each_model_says_what_it_probes(self):
        for folder in FOLDERS:
            told = source(folder)
            assert told["probe"] and told["source"].startswith(
                ("by hand", "closed form", "PySD 3.14.3 as witness")
            ), folder
            assert told["methods"] and 0 <= told["rtol"] <= 1e-5, folder
