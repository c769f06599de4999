"""Every node type and every function that PySD 3.14 knows is run here, or said before the run with a way round."""

import inspect

import pytest
from pysd.builders.python.python_functions import functionspace
from pysd.translators.structures import abstract_expressions
from pysd.translators.vensim.vensim_structures import structures as vensim_structures
from pysd.translators.xmile.xmile_structures import structures as xmile_structures

import capdyn
from capdyn.lang.functions import FUNCTIONS, UNSUPPORTED
from capdyn.read import adapt, vensim, xmile_equation
from equations import mdl

NODES = sorted(
    name
    for name, found in inspect.getmembers(abstract_expressions, inspect.isclass)
    if name.endswith("Structure")
)
# Converted by a branch of their own in `adapt`.
BRANCHES = {
    "ArithmeticStructure", "LogicStructure", "CallStructure", "ReferenceStructure", "SubscriptsReferenceStructure",
    "IntegStructure", "LookupsStructure",
}  # fmt: skip


def test_node_types():
    assert len(NODES) == 25 - 1  # the 25th is the number itself
    assert set(NODES) == adapt.FIELDS.keys() | BRANCHES
    assert adapt.FIELDS.keys() & BRANCHES == set()


# What is not written as a call NAME(...).
NO_CALL = {"reference", "subscripts_ref", "arithmetic", "logic", "call", "lookup", "data", "with_lookup"}
# In Vensim these read files, or stand for a list of points; tests/read/test_read_external.py has them.
ELSEWHERE = {"get_xls_lookups", "get_direct_lookups", "get_xls_data", "get_direct_data", "get_xls_constants",
             "get_direct_constants"}  # fmt: skip
ARGUMENTS = {
    "allocate_available": "q[R], profile[R,pp1], 5",
    "allocate_by_priority": "q[R], q[R], 2, 1, 5",
    "elmcount": "R",
    "get_time_value": "0, 0, 0",
    "invert_matrix": "m[R,C], 2",
    "prod": "q[R!]",
    "sum": "q[R!]",
    "vmax": "q[R!]",
    "vmin": "q[R!]",
    "vector_select": "q[R!], q[R!], 0, 0, 1",
    "vector_sort_order": "q[R], 1",
    "vector_reorder": "q[R], v[R]",
    "vector_rank": "q[R], 1",
    "pi": "",
}
# Inside PySD's tables under another name than the modeller's.
AS_WRITTEN = {"Xpulse", "Xpulse_train", "Xramp", "vmax_xmile", "vmin_xmile"}
RANGES = """R: r1, r2
C: c1, c2
P: pp1, pp2, pp3, pp4
q[R] = 1, 2
v[R] = 1, 0
m[R,C] = 1,2;3,4;
profile[R,P] = 1,1,1,1;1,2,1,1;
a = 1
"""
NAMES = sorted((vensim_structures.keys() | functionspace.keys()) - NO_CALL - ELSEWHERE - AS_WRITTEN)


@pytest.mark.parametrize("name", NAMES)
def test_vensim_functions(tmp_path, name):
    words = name.replace("_", " ")
    counts = vensim.STRUCTURES.get(words) or (FUNCTIONS[words].arity if words in FUNCTIONS else (1,))
    arguments = ARGUMENTS.get(name, ", ".join(["a", "1", "1", "1", "1"][: counts[0]]))
    left = "x[R]" if "[R]" in arguments else "x[R,C]" if "[R,C]" in arguments else "x"
    path = tmp_path / "m.mdl"
    path.write_text(mdl(f"{RANGES}{left} = {words.upper()}({arguments})"))
    try:
        capdyn.simulate(capdyn.open_model(path), engine="interpret")
    except capdyn.ModelError as error:
        (problem,) = error.problems
        assert problem.what == f"{words.upper()} is not supported by this version."
        assert problem.where.line == 10 and problem.remedy


XMILE_CALLS = sorted(
    xmile_structures.keys() - NO_CALL - {"inline_lookup", "stock", "if_then_else", "negative"}
)


@pytest.mark.parametrize("name", XMILE_CALLS)
def test_xmile_functions(tmp_path, name):
    counts = xmile_equation.STRUCTURES.get(name) or (FUNCTIONS[name].arity if name in FUNCTIONS else (1,))
    for count in range(counts[0], counts[-1] + 1):
        equation = f"{name.upper()}({', '.join(['a', '1', '1', '1'][:count])})"
        path = tmp_path / "m.xmile"
        path.write_text(
            '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><sim_specs><start>0</start>'
            f"<stop>4</stop><dt>1</dt></sim_specs><model><variables><aux name='a'><eqn>1</eqn></aux><aux name='x'>"
            f"<eqn>{equation}</eqn></aux></variables></model></xmile>"
        )
        capdyn.simulate(capdyn.open_model(path), engine="interpret")


def test_each_way_round_is_a_sentence():
    for name, remedy in UNSUPPORTED.items():
        assert remedy.endswith(".") and len(remedy.split()) >= 3, name
