"""The same bits on every x86-64: machine code for older processors runs on this one too."""

import llvmlite.binding as binding
import numpy as np
import pytest

import capdyn
from capdyn.emit import kernel, processor

MODEL = """
    p = 0.1
    even((0,1),(1,0.3),(2,0.8),(3,0.2),(4,0.9),(5,0.1))
    uneven((0,1),(1,0.3),(2.5,0.8),(3,0.2),(4,0.9),(7,0.1))
    x = INTEG(p*even(x) - 0.1*LN(1 + x^1.7), 1)
    y = INTEG(SIN(Time)*uneven(y + x) - y*EXP(-x)/3, 0.5)
"""


@pytest.mark.parametrize("cpu, lanes", [("x86-64", 2), ("sandybridge", 4), ("haswell", 4), ("haswell", 8)])
def test_older_processors_give_the_same_bits(model, monkeypatch, cpu, lanes):
    members = {"p": np.linspace(0.05, 0.5, 13)}
    here = capdyn.ensemble(model(MODEL, time_step=0.25), members)

    def target():
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        return binding.Target.from_default_triple().create_target_machine(
            cpu=cpu, features="", opt=1, jit=True
        )

    monkeypatch.setattr(kernel, "_target", target)
    monkeypatch.setattr(processor, "host_lanes", lambda: 2 if cpu == "x86-64" else 4)
    there = capdyn.ensemble(model(MODEL, time_step=0.25), members, lanes=lanes)
    for name in ("x", "y"):
        assert here[name].values.tobytes() == there[name].values.tobytes()
    assert np.isfinite(here["y"]).all()
