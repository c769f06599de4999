"""Elementary functions of `capdyn.emit.vector_math`: accuracy, special values, the same bits in every lane and width.

Accuracy is measured in units in the last place against mpmath with 120 bits; the limit for every function, over all
doubles, is 1 ulp. NumPy's own functions are not the reference: they are no more accurate.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import cache
from unittest import mock

import llvmlite.binding as binding
import numpy as np
import pytest
from llvmlite import ir
from mpmath import libmp

from capdyn.emit import processor
from capdyn.emit.vector_math import FUNCTIONS, declare

LIMIT_ULP = 1.0
BITS = 120
POINTS = 20_000
INF, NAN = math.inf, math.nan
TINY, HUGE = 5e-324, 1.7976931348623157e308
SMALLEST_NORMAL = 2.0**-1022

REFERENCE: dict[str, Callable[..., tuple]] = {
    "exp": libmp.mpf_exp,
    "log": libmp.mpf_log,
    "pow": libmp.mpf_pow,
    "sin": libmp.mpf_sin,
    "cos": libmp.mpf_cos,
    "tan": libmp.mpf_tan,
    "asin": libmp.mpf_asin,
    "acos": libmp.mpf_acos,
    "atan": libmp.mpf_atan,
    "atan2": libmp.mpf_atan2,
    "sinh": libmp.mpf_sinh,
    "cosh": libmp.mpf_cosh,
    "tanh": libmp.mpf_tanh,
}


# --- compiling and calling -------------------------------------------------------------------------------------


def loop_over_blocks(name: str, width: int) -> ir.Module:
    """A module with `run(in0, in1, out, n)`, which applies the function to n blocks of `width` doubles."""
    module = ir.Module()
    function = declare(module, name, width)
    vector = ir.VectorType(ir.DoubleType(), width)
    count = ir.IntType(64)
    signature = ir.FunctionType(ir.VoidType(), [vector.as_pointer()] * 3 + [count])
    run = ir.Function(module, signature, "run")
    entry, body, done = (run.append_basic_block(label) for label in ("entry", "body", "done"))
    ir.IRBuilder(entry).branch(body)
    b = ir.IRBuilder(body)
    i = b.phi(count)
    pointers = [b.gep(argument, [i]) for argument in run.args[:3]]
    arguments = [b.load(p, align=8) for p in pointers[: FUNCTIONS[name]]]
    b.store(b.call(function, arguments), pointers[2], align=8)
    following = b.add(i, count(1))
    i.add_incoming(count(0), entry)
    i.add_incoming(following, body)
    b.cbranch(b.icmp_unsigned("<", following, run.args[3]), body, done)
    ir.IRBuilder(done).ret_void()
    return module


# Doubles in a vector register of the processors below, for which code is written as on such a machine.
LANES_OF = {"x86-64": 2, "haswell": 4, "skylake-avx512": 8}


class Compiled:
    """The function on NumPy arrays; the arrays' lengths must be multiples of the width."""

    def __init__(self, name: str, width: int, cpu: str | None = None, level: int = 2) -> None:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        target = binding.Target.from_default_triple()
        here = processor.host_lanes()
        features = binding.get_host_cpu_features().flatten() if cpu is None else ""
        machine = target.create_target_machine(
            cpu=cpu or binding.get_host_cpu_name(), features=features, opt=level
        )
        with mock.patch.object(processor, "host_lanes", lambda: LANES_OF.get(cpu, here)):
            module = binding.parse_assembly(str(loop_over_blocks(name, width)))
        module.verify()
        options = binding.create_pipeline_tuning_options(speed_level=level)
        builder = binding.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
        self.width = width
        self.engine = binding.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)
        self.run = prototype(self.engine.get_function_address("run"))

    def __call__(self, *arguments: np.ndarray) -> np.ndarray:
        arrays = [np.ascontiguousarray(a, dtype=np.float64) for a in arguments]
        out = np.empty_like(arrays[0])
        assert out.size % self.width == 0
        self.run(arrays[0].ctypes.data, arrays[-1].ctypes.data, out.ctypes.data, out.size // self.width)
        return out


@cache
def compiled(name: str, width: int = 8, cpu: str | None = None, level: int = 2) -> Compiled:
    return Compiled(name, width, cpu, level)


def value(name: str, *arguments: float) -> float:
    """The function of one set of arguments, in all eight lanes of a vector; one lane is returned."""
    return float(compiled(name)(*(np.full(8, a) for a in arguments))[3])


def same(a: float, b: float) -> bool:
    """Equal, with zeros of the same sign, or both NaN."""
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


def bits(values: np.ndarray) -> np.ndarray:
    return values.view(np.int64)


# --- points ----------------------------------------------------------------------------------------------------


def log_uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    """n numbers of both signs, their logarithms uniform; low and high are exponents of two."""
    size = np.ldexp(rng.uniform(1.0, 2.0, n), rng.integers(low, high, n))
    return size * rng.choice([-1.0, 1.0], n)


def around(points: np.ndarray | list[float], steps: int = 3) -> np.ndarray:
    """The points and their neighbouring doubles on either side."""
    near = [np.asarray(points, dtype=float)]
    for direction in (-INF, INF):
        step = near[0]
        for _ in range(steps):
            step = np.nextafter(step, direction)
            near.append(step)
    return np.concatenate(near)


def exp_points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    halves = (np.arange(-1074, 1024) + 0.5) * math.log(2)
    return [
        rng.uniform(-745.13, 709.78, n // 2),
        rng.uniform(-745.13, -708.0, n // 8),  # subnormal results
        rng.uniform(-1, 1, n // 8),
        log_uniform(rng, -70, 9, n // 8),
        halves,
        around([709.782712893384, -708.3964185322641, -745.1332191019411, 0.0, TINY, 1.0]),
    ]


def log_points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [
        np.abs(log_uniform(rng, -1074, 1024, n // 4)),
        rng.uniform(0.5, 2.0, n // 4),
        1 + log_uniform(rng, -52, -2, n // 4),
        np.abs(log_uniform(rng, -1074, -1022, n // 8)),
        rng.uniform(0, 1e3, n // 8),
        around([1.0, math.sqrt(0.5), math.sqrt(2.0), SMALLEST_NORMAL, HUGE / 2, 2.0, 4.0]),
    ]


def pow_points(rng: np.random.Generator, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    m = n // 5
    wide = np.abs(log_uniform(rng, -1074, 1024, m))
    near_one = 1 + log_uniform(rng, -45, -2, m)
    fill = rng.uniform(-745, 709.7, m)
    signed = log_uniform(rng, -3, 40, m)
    return [
        (rng.uniform(0, 20, m), rng.uniform(-20, 20, m)),
        (wide, rng.uniform(-745, 709.7, m) / np.log(wide)),  # results over the whole range
        (near_one, fill / np.log(near_one)),  # large exponents
        (np.abs(log_uniform(rng, -300, 300, m)), log_uniform(rng, -60, 2, m)),
        (signed, np.trunc(rng.uniform(-700, 700, m) / np.log(np.abs(signed)))),  # negative bases
        (around([1.0, 2.0, 0.5, 10.0], 20), np.resize([1023.0, -1074.5, 308.25, 0.5], 164)),
    ]


def angle_points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    multiples = np.concatenate([np.arange(1, 400), rng.integers(1, 10**9, 800), rng.integers(1, 10**15, 200)])
    return [
        rng.uniform(-10, 10, n // 4),
        rng.uniform(-1e5, 1e5, n // 4),
        rng.uniform(-1e9, 1e9, n // 8),
        log_uniform(rng, -1074, 30, n // 8),
        log_uniform(rng, 29, 1024, n // 8),
        around(multiples * (math.pi / 2), 2),  # where the reduction cancels most
        around(multiples[:400] * (math.pi / 4), 1),
        # the doubles closest to multiples of pi/2 (Muller, Elementary Functions, 2016)
        around([6381956970095103.0 * 2.0**797, 5.706674932067741e303, 45035996.273704995, 2.0**30, HUGE / 2]),
    ]


def unit_points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    near_one = 1 - np.abs(log_uniform(rng, -53, -2, n // 4))
    return [
        rng.uniform(-1, 1, n // 2),
        near_one * rng.choice([-1.0, 1.0], near_one.size),
        log_uniform(rng, -1074, 0, n // 4),
        np.clip(around([0.0, 0.5, -0.5, math.sqrt(0.5), TINY, 1.0, -1.0], 20), -1, 1),
    ]


def arc_points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [
        rng.uniform(-4, 4, n // 2),
        log_uniform(rng, -1074, 1024, n // 4),
        log_uniform(rng, -30, 60, n // 4),
        around([0.0, 1.0, math.tan(math.pi / 8), math.tan(3 * math.pi / 8), TINY, HUGE / 2], 20),
    ]


def arc2_points(rng: np.random.Generator, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    m = n // 6
    # No zeros here: they have signs, which mpmath does not know.
    x = log_uniform(rng, -1030, 1024, m)
    part = log_uniform(rng, -40, 0, m)
    return [
        (log_uniform(rng, -1074, 1024, m), log_uniform(rng, -1074, 1024, m)),
        (x * part, x),
        (x, x * part),
        (x, x * rng.uniform(0.01, 1, m)),  # sizes alike, over the whole range
        (rng.uniform(-1, 1, m), rng.uniform(-1, 1, m)),
        (log_uniform(rng, -1074, -900, m), log_uniform(rng, -80, 80, m)),  # subnormal quotients
        (around([1.0, 2.0, HUGE / 4], 10), np.full(63, 1.0)),
    ]


def hyperbolic_points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [
        rng.uniform(-3, 3, n // 2),
        rng.uniform(-710.47, 710.47, n // 4),
        log_uniform(rng, -1074, 9, n // 8),
        rng.uniform(-40, 40, n // 8),
        around([0.0, 0.625, 1.0, 22.0, 27.7, 709.782712893384, 710.4758600739439, TINY], 20),
    ]


SINGLE: dict[str, Callable[[np.random.Generator, int], list[np.ndarray]]] = {
    "exp": exp_points,
    "log": log_points,
    **dict.fromkeys(("sin", "cos", "tan"), angle_points),
    **dict.fromkeys(("asin", "acos"), unit_points),
    "atan": arc_points,
    **dict.fromkeys(("sinh", "cosh", "tanh"), hyperbolic_points),
}
DOUBLE = {"pow": pow_points, "atan2": arc2_points}


def points(name: str, n: int = POINTS, seed: int = 20) -> list[np.ndarray]:
    """Argument arrays of at least n points, their length a multiple of 64."""
    rng = np.random.default_rng(seed)
    if name in DOUBLE:
        arguments = [np.concatenate(side) for side in zip(*DOUBLE[name](rng, n), strict=True)]
    else:
        arguments = [np.concatenate(SINGLE[name](rng, n))]
    size = -(-max(n, arguments[0].size) // 64) * 64
    return [np.resize(a, size) for a in arguments]


# --- accuracy --------------------------------------------------------------------------------------------------


TWO_1024 = libmp.from_man_exp(1, 1024)


def ulp_error(got: float, exact: tuple) -> float:
    """|got - exact| in units in the last place of exact; infinity, and all that is beyond, counts as 2**1024."""
    if math.isnan(got):
        return INF
    sign, mantissa, power, size = exact
    if mantissa and power + size > 1024:
        exact = libmp.mpf_neg(TWO_1024) if sign else TWO_1024
    number = libmp.from_float(got)
    if math.isinf(got):
        number = libmp.mpf_neg(TWO_1024) if got < 0 else TWO_1024
    exponent = min(max(power + size - 1, -1022), 1023) if mantissa else -1022
    return abs(libmp.to_float(libmp.mpf_shift(libmp.mpf_sub(number, exact, 60), 52 - exponent)))


def ulp_errors(name: str, arguments: list[np.ndarray]) -> np.ndarray:
    reference = REFERENCE[name]
    results = compiled(name)(*arguments).tolist()
    exact_arguments = zip(*([libmp.from_float(x) for x in a.tolist()] for a in arguments), strict=True)
    return np.array(
        [
            ulp_error(got, reference(*xs, BITS, libmp.round_nearest))
            for got, xs in zip(results, exact_arguments, strict=True)
        ]
    )


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_within_one_ulp_of_the_exact_value(name: str) -> None:
    arguments = points(name)
    errors = ulp_errors(name, arguments)
    worst = int(np.argmax(errors))
    assert errors.size >= POINTS
    assert errors[worst] <= LIMIT_ULP, (name, [float(a[worst]).hex() for a in arguments], errors[worst])


@pytest.mark.parametrize("base", [2.0, 3.0, 5.0, 7.0, 10.0, -3.0])
def test_powers_that_are_doubles_are_exact(base: float) -> None:
    exponents = [n for n in range(1, 60) if abs(base) ** n < 2.0**53]
    assert [value("pow", base, float(n)) for n in exponents] == [float(int(base) ** n) for n in exponents]


@pytest.mark.parametrize("n", [-1074, -1073, -1023, -1022, -1, 1, 52, 1023])
def test_powers_of_two_are_exact_down_to_the_smallest_subnormal(n: int) -> None:
    assert value("pow", 2.0, float(n)) == math.ldexp(1.0, n)


# --- special values --------------------------------------------------------------------------------------------

PI = math.pi
SPECIAL: dict[str, list[tuple[float, float]]] = {
    "exp": [
        (0.0, 1.0),
        (-0.0, 1.0),
        (TINY, 1.0),
        (INF, INF),
        (-INF, 0.0),
        (709.782712893384, 1.7976931348622732e308),
        (709.7827128933841, INF),
        (1e300, INF),
        (-745.1332191019411, TINY),
        (-745.1332191019412, 0.0),
        (-1e300, 0.0),
    ],
    "log": [
        (0.0, -INF),
        (-0.0, -INF),
        (-TINY, NAN),
        (-1.0, NAN),
        (-INF, NAN),
        (1.0, 0.0),
        (INF, INF),
        (TINY, -744.4400719213812),
        (HUGE, 709.782712893384),
    ],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (-TINY, -TINY), (INF, NAN), (-INF, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (TINY, 1.0), (INF, NAN), (-INF, NAN)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (INF, NAN), (-INF, NAN)],
    "asin": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (TINY, TINY),
        (1.0, PI / 2),
        (-1.0, -PI / 2),
        (math.nextafter(1, 2), NAN),
        (-2.0, NAN),
        (INF, NAN),
        (-INF, NAN),
    ],
    "acos": [
        (1.0, 0.0),
        (-1.0, PI),
        (0.0, PI / 2),
        (-0.0, PI / 2),
        (math.nextafter(1, 2), NAN),
        (-2.0, NAN),
        (INF, NAN),
        (-INF, NAN),
    ],
    "atan": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (TINY, TINY),
        (1.0, PI / 4),
        (INF, PI / 2),
        (-INF, -PI / 2),
        (HUGE, PI / 2),
    ],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (INF, INF), (-INF, -INF), (711.0, INF), (-HUGE, -INF)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (TINY, 1.0), (INF, INF), (-INF, INF), (-711.0, INF), (HUGE, INF)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (INF, 1.0), (-INF, -1.0), (20.0, 1.0), (HUGE, 1.0)],
}


@pytest.mark.parametrize(
    ("name", "x", "expected"), [(name, x, result) for name, rows in SPECIAL.items() for x, result in rows]
)
def test_special_values_of_c99_annex_f(name: str, x: float, expected: float) -> None:
    assert same(value(name, x), expected)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("payload", [0x7FF8000000000000, 0xFFF8000000000123, 0x7FF0000000000001])
def test_every_nan_gives_the_same_nan(name: str, payload: int) -> None:
    nan = np.full(8, payload, dtype=np.uint64).view(np.float64)
    for place in range(FUNCTIONS[name]):
        arguments = [np.full(8, 0.5)] * FUNCTIONS[name]
        arguments[place] = nan
        assert (compiled(name)(*arguments).view(np.uint64) == 0x7FF8000000000000).all()


def is_odd(y: float) -> bool:
    return math.isfinite(y) and math.fmod(y, 2.0) in (1.0, -1.0)


def c_pow(x: float, y: float) -> float:
    """C99 pow: Python's, with the values C returns where Python raises."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return math.copysign(INF, x) if is_odd(y) else INF
    except ValueError:
        if x == 0:
            return math.copysign(INF, x) if is_odd(y) else INF
        return NAN


# Values whose powers are exact, or zero, infinite or undefined.
SIZES = [0.0, TINY, 0.5, 1.0, 2.0, 3.0, 2.0**52 + 1, 2.0**53 - 1, 2.0**53, 2.0**1000, HUGE, INF]
SIGNED = [s * x for x in SIZES for s in (1.0, -1.0)] + [NAN]


INEXACT_BASES = (TINY, HUGE, 2.0**52 + 1, 2.0**53 - 1)


@pytest.mark.parametrize("x", [x for x in SIGNED if abs(x) not in INEXACT_BASES])
def test_pow_of_special_values(x: float) -> None:
    wrong = [(y, value("pow", x, y)) for y in SIGNED if not same(value("pow", x, y), c_pow(x, y))]
    assert wrong == []


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.0, 1.0),
        (NAN, 0.0, 1.0),
        (1.0, NAN, 1.0),
        (-1.0, INF, 1.0),
        (-1.0, -INF, 1.0),
        (-0.0, -3.0, -INF),
        (-0.0, -2.0, INF),
        (-0.0, 3.0, -0.0),
        (-0.0, INF, 0.0),
        (-INF, -3.0, -0.0),
        (-INF, 3.0, -INF),
        (-INF, 0.5, INF),
        (-8.0, 1 / 3, NAN),
        (0.999, INF, 0.0),
        (-1.001, INF, INF),
        (-2.0, 1025.0, -INF),
        (-2.0, -1075.0, -0.0),
        (1 + 2.0**-52, 1e300, INF),
    ],
)
def test_pow_as_c99_lists_it(x: float, y: float, expected: float) -> None:
    assert same(value("pow", x, y), expected)
    assert same(c_pow(x, y), expected)


@pytest.mark.parametrize("y", [s * v for v in (0.0, TINY, 1.0, HUGE, INF) for s in (1.0, -1.0)] + [NAN])
def test_atan2_of_special_values(y: float) -> None:
    others = [s * v for v in (0.0, TINY, 1.0, HUGE, INF) for s in (1.0, -1.0)] + [NAN]
    wrong = [(x, value("atan2", y, x)) for x in others if not same(value("atan2", y, x), math.atan2(y, x))]
    assert wrong == []


# --- the same bits everywhere ----------------------------------------------------------------------------------


def mixed_points(name: str) -> list[np.ndarray]:
    """2,560 arguments in random order: ordinary and far ones, zeros, infinities and NaN side by side."""
    rng = np.random.default_rng(7)
    odd = np.array(
        [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, -NAN, TINY, -HUGE, 1e20, -3e200, 0.5, 1e-310, 2.0, -3.0]
    )
    chosen = [rng.choice(a, 2048) for a in points(name, 4096)]
    pairs = np.stack(chosen)
    extreme = rng.choice(odd, (len(chosen), 512))
    return list(rng.permuted(np.concatenate([pairs, extreme], axis=1), axis=1))


HOST = {name for name, present in binding.get_host_cpu_features().items() if present}
CPUS = {"x86-64": {"sse2"}, "haswell": {"fma", "avx2"}, "skylake-avx512": {"avx512f", "avx512dq", "avx512vl"}}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("width", [1, 2, 4, 16])
def test_width_does_not_change_a_bit(name: str, width: int) -> None:
    arguments = mixed_points(name)
    assert (bits(compiled(name, width)(*arguments)) == bits(compiled(name, 8)(*arguments))).all()


@pytest.mark.parametrize("name", ["exp", "pow"])
def test_arguments_that_do_not_fit_into_registers(name: str) -> None:
    arguments = mixed_points(name)
    assert (bits(compiled(name, 64)(*arguments)) == bits(compiled(name, 8)(*arguments))).all()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("cpu", sorted(CPUS))
def test_instruction_set_does_not_change_a_bit(name: str, cpu: str) -> None:
    if not CPUS[cpu] <= HOST:
        pytest.skip(f"this machine has no {', '.join(sorted(CPUS[cpu] - HOST))}")
    arguments = mixed_points(name)
    assert (bits(compiled(name, 4, cpu)(*arguments)) == bits(compiled(name, 8)(*arguments))).all()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("level", [0, 3])
def test_optimisation_level_does_not_change_a_bit(name: str, level: int) -> None:
    arguments = mixed_points(name)
    assert (bits(compiled(name, 8, None, level)(*arguments)) == bits(compiled(name, 8)(*arguments))).all()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_neighbouring_lanes_do_not_change_a_bit(name: str) -> None:
    """Each argument gives the same bits among others, in another lane, and alone in its vector."""
    arguments = mixed_points(name)
    expected = bits(compiled(name)(*arguments))
    order = np.random.default_rng(8).permutation(expected.size)
    assert (bits(compiled(name)(*(a[order] for a in arguments))) == expected[order]).all()
    alone = bits(compiled(name)(*(np.repeat(a, 8) for a in arguments))).reshape(-1, 8)
    assert (alone == expected[:, None]).all()


@pytest.mark.parametrize(
    ("name", "sign"),
    [(name, -1.0) for name in ("sin", "tan", "asin", "atan", "sinh", "tanh")] + [("cos", 1.0), ("cosh", 1.0)],
)
def test_odd_and_even_functions_are_so_to_the_bit(name: str, sign: float) -> None:
    x = points(name, 4096)[0]
    left, right = compiled(name)(-x), sign * compiled(name)(x)
    assert (bits(left) == bits(right)).all()


# --- the interface ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_added_once_and_calls_nothing_outside(name: str) -> None:
    module = ir.Module()
    function = declare(module, name, 4)
    assert function.name == f"capdyn.{name}.v4"
    assert declare(module, name, 4) is function
    assert declare(module, name, 2) is not function
    outside = [f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")]
    assert outside == []
    assert {f.linkage for f in module.functions if not f.is_declaration} == {"internal"}


def test_all_functions_fit_one_module() -> None:
    module = ir.Module()
    for name in FUNCTIONS:
        declare(module, name, 8)
    binding.parse_assembly(str(module)).verify()
    assert not any(flag in str(module) for flag in (" fast ", " reassoc ", " contract ", " nnan ", " afn "))


def test_an_unknown_name_or_width_is_refused() -> None:
    with pytest.raises(KeyError):
        declare(ir.Module(), "gamma", 4)
    with pytest.raises(ValueError, match="at least one lane"):
        declare(ir.Module(), "exp", 0)
