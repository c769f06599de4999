"""The fast engine: a System as machine code, one SIMD lane a member.

`Kernel` compiles what `capdyn.emit.llvm` writes and calls it. Calls release the interpreter's lock, so blocks
of members can run on a thread pool.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Collection
from functools import cached_property
from threading import Lock

import llvmlite
import llvmlite.binding as binding
import numpy as np

from ..passes.shared import shared_symbols
from ..passes.system import System
from . import cache
from .engine import PROGRAMS, Engine, Steps, Swept
from .hoisted import hoisted
from .layout import lay_out
from .processor import host_lanes

_POINTER, _INT, _REAL = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
_PROGRAM = ctypes.CFUNCTYPE(None, _POINTER, _REAL, _REAL, _REAL)
_MARCH = ctypes.CFUNCTYPE(
    None, _POINTER, _REAL, _REAL, _POINTER, _POINTER, _INT, _POINTER, _POINTER, _POINTER, _INT, _POINTER, _INT
)
_SHARE = ctypes.CFUNCTYPE(None, _POINTER, _POINTER)
_SWEEP = ctypes.CFUNCTYPE(
    None, *[_POINTER] * 4, *[_INT] * 3, _REAL, _REAL, *[_POINTER, _INT] * 3, *[_POINTER] * 4, _INT
)
_ALIGNMENT = 64  # bytes: a cache line, and the widest vector


class Kernel(Engine):
    """A compiled System.

    Parameters
    ----------
    system : System
    lanes : int, optional
        Members a call; by default what the machine's vectors hold. Results do not depend on it.
    varying : collection of str, optional
        Parameters in which the members of a march or sweep may differ; by default all. Large constants that depend on
        none of them are kept once for all lanes.
    """

    def __init__(self, system: System, lanes: int | None = None, varying: Collection[str] | None = None):
        system, digest = hoisted(system)
        super().__init__(lay_out(system), lanes or host_lanes())
        self._places = {} if varying is None else shared_symbols(self.layout.system, varying)
        self._machine = _target()
        self._key = _key(digest, self.lanes, self._machine)
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), self._machine)
        self._lock = Lock()
        self._marches: dict[str, tuple[Callable[..., None], ...]] = {}
        self._add("programs")
        self._programs = {name: _PROGRAM(self._engine.get_function_address(name)) for name in PROGRAMS}

    def _add(self, part: str) -> None:
        """Makes the machine code of a part callable: the programs, or the time loop of a method."""
        key = self._key and cache.digest((self._key, part, *self._places))
        found = cache.get("kernel", key) if key else None
        if found is None:
            found = _compile(self._text(part), self._machine)
            if key:
                cache.put("kernel", key, found)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(found))
        self._engine.finalize_object()

    def _text(self, part: str) -> str:
        """The IR of a part."""
        # The writers of IR are not needed for a kernel that is there already.
        from .llvm import write_programs
        from .sweeps import write_loops

        if part == "programs":
            return str(write_programs(self.layout, self.lanes))
        return str(write_loops(self.layout, self.lanes, part, self._places))

    def _shared(self) -> np.ndarray:
        """Room for what all members share. shape (n_shared,)"""
        return np.empty(sum(len(self.layout.slots(name)) for name in self._places))

    @cached_property
    def _cheap(self) -> np.ndarray:
        """Slots that need no evaluation at a save: stocks and constants. shape (n_slots,)"""
        cheap = np.zeros(self.layout.size, dtype=bool)
        for symbol in self.layout.system.symbols.values():
            if symbol.kind in ("parameter", "setting", "constant", "state"):
                slots = self.layout.slots(symbol.name)
                cheap[slots.start : slots.stop] = True
        return cheap

    def _loops(self, method: str) -> tuple[Callable[..., None], ...]:
        """March, sweep and share of a method; made when they are first wanted."""
        with self._lock:
            if method not in self._marches:
                self._add(method)
                self._marches[method] = tuple(
                    kind(self._engine.get_function_address(f"{name}.{method}"))
                    for name, kind in (("march", _MARCH), ("sweep", _SWEEP), ("share", _SHARE))
                )
            return self._marches[method]

    def values(self) -> np.ndarray:
        """Room for one block of members, aligned as the vector loads want it."""
        count = self.layout.size * self.lanes
        alignment = max(_ALIGNMENT, 8 * self.lanes)
        raw = np.zeros(count * 8 + alignment, dtype=np.uint8)
        first = -raw.ctypes.data % alignment
        return raw[first : first + count * 8].view(np.float64).reshape(self.layout.size, self.lanes)

    def run(self, program: str, values: np.ndarray, time: float, held: float, step: float) -> None:
        self._programs[program](values.ctypes.data, time, held, step)

    def march_evenly(
        self,
        method: str,
        values: np.ndarray,
        steps: Steps,
        slots: np.ndarray,
        out: np.ndarray,
        failed: np.ndarray,
    ) -> None:
        saves = np.append(steps.saves, -1)  # the loop ends at the save behind which there is none
        tape = self.tape(values, steps)
        march, _, share = self._loops(method)
        shared = self._shared()
        share(values.ctypes.data, shared.ctypes.data)
        march(
            values.ctypes.data,
            steps.start,
            steps.length,
            saves.ctypes.data,
            slots.ctypes.data,
            len(slots),
            out.ctypes.data,
            failed.ctypes.data,
            tape.ctypes.data,
            len(tape),
            shared.ctypes.data,
            not self._cheap[slots].all(),
        )

    def sweep(
        self,
        begin: Callable[[np.ndarray], None],
        method: str,
        first: np.ndarray,
        rows: np.ndarray,
        numbers: np.ndarray,
        steps: Steps,
        slots: np.ndarray,
        still: np.ndarray,
    ) -> Swept:
        # The tape of each block is as long as its lags.
        if self.layout.lags or self.layout.system.circles or steps.lengths is not None:
            return super().sweep(begin, method, first, rows, numbers, steps, slots, still)
        _, sweep, _ = self._loops(method)
        shared = self._shared()
        swept = self._room(numbers, steps, slots, still)
        saves = np.append(steps.saves, -1)
        values, numbers = self.values(), np.ascontiguousarray(numbers)
        sweep(
            values.ctypes.data,
            first.ctypes.data,
            rows.ctypes.data,
            numbers.ctypes.data,
            len(rows),
            numbers.shape[1],
            len(swept.failed),
            steps.start,
            steps.length,
            saves.ctypes.data,
            len(steps.saves),
            slots.ctypes.data,
            len(slots),
            still.ctypes.data,
            len(still),
            swept.out.ctypes.data,
            swept.still.ctypes.data,
            swept.failed.ctypes.data,
            shared.ctypes.data,
            not self._cheap[slots].all(),
        )
        return swept


def _target() -> binding.TargetMachine:
    """This machine, optimisation level 1: the lanes are the vectors already."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=1, jit=True
    )


def _key(system: str, lanes: int, machine: binding.TargetMachine) -> str:
    """Hash of all that machine code is made from, given that of the System; nothing without one."""
    return system and cache.digest(
        (
            system,
            cache.code_of("lang", "passes", "emit"),
            llvmlite.__version__,
            str(binding.llvm_version_info),
            machine.triple,
            binding.get_host_cpu_name(),
            binding.get_host_cpu_features().flatten(),
            str(lanes),
        )
    )


def _compile(text: str, machine: binding.TargetMachine) -> bytes:
    """Machine code for the host.

    Few passes: the equations come without repeated work and the lanes are the vectors already, so that more take
    a sixth of the time of a compilation and gain nothing. No fast-math anywhere.
    """
    module = binding.parse_assembly(text)
    module.verify()
    passes = binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options()))
    return machine.emit_object(module)
