"""What is computed once instead of often, and that no bit changes by it."""

import numpy as np
import pytest

import capdyn
from capdyn.emit.interpret import Interpreter
from capdyn.emit.kernel import Kernel
from capdyn.passes.hoist import hoist
from capdyn.passes.system import Const, Load, Op, Reduce, inside, is_part, walk
from capdyn.run import label
from capdyn.run.scenario import resolve
from capdyn.run.simulate import begin, fill, read_clock

ARRAYS = """
    Region: (R1-R7)
    Kind: (K1-K5)
    a[Region] = 1, 2, 3, 4, 5, 6, 7
    b[Kind] = 0.1, 0.2, 0.3, 0.4, 0.5
    k = 1.7
    Level[Region] = INTEG(a[Region] * 0.01, 1 + a[Region])
"""

# name, equations, how many parts become constants, how many are computed in flows or outputs
CASES = [
    ("nothing to gain", "x = Time * 2", 0, 0),
    ("a constant factor", "p = 3\nx = (1 - p) * Time", 1, 0),
    ("a constant exponent", "p = 3\nx = Time ^ (1 / p)", 1, 0),
    ("a product with numbers only", "x = 2 * 3 * Time", 0, 0),
    ("the same constant in two equations", "p = 3\nx = Time * EXP(-p)\ny = Time + EXP(-p)", 1, 0),
    ("a constant with an axis", ARRAYS + "x[Region] = Level[Region] * EXP(a[Region])", 2, 0),
    ("a power that a loop repeats", ARRAYS + "x[Region,Kind] = Level[Region] ^ k * b[Kind]", 1, 1),
    ("an addition that a loop repeats", ARRAYS + "x[Region,Kind] = (Level[Region] + Time) * b[Kind]", 1, 0),
    ("one power in two equations", "p = 3\nx = Time ^ p\ny = 1 - Time ^ p", 0, 1),
    ("one square in two equations", "x = Time ^ 2\ny = 1 - Time ^ 2", 0, 0),
    ("a power within a power", "p = 3\nx = EXP(Time ^ p)\ny = 1 - EXP(Time ^ p)", 0, 1),
    (
        "a sum that each region needs",
        ARRAYS + "x[Region] = Level[Region] / SUM(Level[Region!])",
        1,
        1,
    ),
    (
        "equal sums with axes of other numbers",
        ARRAYS
        + "x[Region] = SUM(Level[Region!]) * 2 + Level[Region]\ny = SUM(Level[Region!])\n"
        + "z[Region,Kind] = SUM(Level[Region!])",
        1,
        1,
    ),
    (
        "a subrange is not the range",
        ARRAYS + "Half: R1, R2, R3\nx = EXP(SUM(Level[Region!])) + EXP(SUM(Level[Half!]))",
        1,
        0,
    ),
    (
        "a search for a root stays whole",
        ARRAYS
        + "profile: ptype, ppriority, pwidth, pextra\nq = 2\n"
        + "pp[Region, profile] = 3,5,1,0;3,6,1,0;3,5,2,0;3,7,1,0;3,4,1,0;3,5,1,0;3,6,2,0;\n"
        + "x[Region] = ALLOCATE AVAILABLE(Level[Region], pp[Region, ptype], q * 3 + Time)",
        None,
        None,
    ),
    ("the clock is no constant", "p = 3\nx = p + TIME STEP * Time", 0, 0),
    ("a time switch", "p = 3\nx = STEP(EXP(p), p / 2)", 2, 0),
]


def trajectory(engine, model, method):
    """All saved numbers of all visible variables, bit for bit, and the engine's constants."""
    settings = resolve(model.system, None, None, None, None, None, method)
    values = engine.values()
    fill(engine, values, settings)
    clock = read_clock(engine, values, settings, model)
    begin(engine, values, clock)
    names = label.chosen(model, None)
    kept = label.kept_slots(engine.layout, names)
    out = np.empty((len(clock.steps.saves), len(kept), engine.lanes))
    engine.march(clock.method, values, clock.steps, kept, out, np.empty(engine.lanes, dtype=np.int64))
    still = [
        values[list(engine.layout.slots(name)), 0] for name in names if name not in engine.layout.derivatives
    ]
    return out[:, :, 0].tobytes(), np.concatenate(still).tobytes()


def parts(system):
    """Numbers of parts that are constants and of those that move."""
    made = [symbol for symbol in system.symbols.values() if is_part(symbol.name)]
    return tuple(sum(symbol.kind == kind for symbol in made) for kind in ("constant", "auxiliary"))


@pytest.mark.parametrize("equations, constants, moving", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_hoisted(model, equations, constants, moving):
    if constants is None:
        pytest.skip("only the values matter")
    opened = model(equations)
    assert parts(hoist(opened.system)) == (constants, moving)


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("equations", [c[1] for c in CASES], ids=[c[0] for c in CASES])
def test_no_bit_changes(model, equations, method):
    opened = model(equations, time_step=0.5)
    plain = trajectory(Interpreter(opened.system), opened, method)
    assert trajectory(Interpreter(hoist(opened.system)), opened, method) == plain


def test_no_bit_of_the_regional_model_changes(regional, monkeypatch):
    hoisted = trajectory(Kernel(regional.system), regional, "rk4")
    monkeypatch.setattr("capdyn.emit.kernel.hoisted", lambda system: (system, ""))
    assert trajectory(Kernel(regional.system), regional, "rk4") == hoisted


def test_the_regional_model_needs_fewer_powers(regional):
    def powers(system):
        """Real powers in one evaluation of the flows: squares are multiplications."""
        total = 0

        def visit(node, times):
            nonlocal total
            if isinstance(node, Op) and node.function == "^" and node.arguments[1] != Const(2.0):
                total += times
            for child in inside(node):
                visit(child, times * node.size if isinstance(node, Reduce) else times)

        for equation in system.flows:
            visit(equation.node, equation.size)
        return total

    assert powers(hoist(regional.system)) < powers(regional.system) / 2


def test_parts_stand_before_what_needs_them(regional):
    system = hoist(regional.system)
    known = {s.name for s in system.symbols.values() if s.kind in ("parameter", "constant", "state")}
    for equation in (*system.flows, *system.outputs):
        assert {n.symbol for n in walk(equation.node) if isinstance(n, Load) and is_part(n.symbol)} <= known
        known.add(equation.target)


def test_a_failure_names_a_variable_and_no_part(model):
    opened = model("p = 3\nx = 1 / EXP(Time ^ p * 100)\ny = 2 - EXP(Time ^ p * 100)", final_time=40)
    with pytest.raises(capdyn.NumericalError, match="'y' is -inf"):
        capdyn.simulate(opened)


@pytest.mark.parametrize("base", [3.0, -3.0, 0.1, 0.0, -0.0, 1e200, 1e-200, 1 + 2**-52])
def test_a_square_is_a_product(model, base):
    """Rounded once in both engines, which a power by logarithms need not be."""
    opened = model(f"b = {base!r}\nx = (b + 0*Time) ^ 2")
    for engine in ("kernel", "interpret"):
        if base == 1e200:
            with pytest.raises(capdyn.NumericalError):
                capdyn.simulate(opened, engine=engine)
        else:
            assert (capdyn.simulate(opened, engine=engine)["x"] == base * base).all()
