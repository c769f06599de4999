"""How the members of an ensemble are divided between calls of the engine."""

import numpy as np
import pytest

from capdyn.emit.engine import Steps
from capdyn.run.blocks import chunks

STEPS = Steps(0.0, 1.0, np.array([0, 1000]))


@pytest.mark.parametrize("members", [1, 7, 8, 9, 1000, 100_003])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_each_member_once_and_shorter_towards_the_end(model, members, threads):
    system = model("p = 1\nx = INTEG(-p*x, 1)").system
    parts = chunks(system, STEPS, 8, 1, members, threads)
    assert [member for part in parts for member in part] == list(range(members))
    assert all(len(part) % 8 == 0 for part in parts[:-1])
    sizes = [len(part) for part in parts]
    assert sizes == sorted(sizes, reverse=True)
    if members > 1000 and threads > 1:
        whole = chunks(system, STEPS, 8, 1, 10 * members, 1)[0]
        assert len(parts) > 2 * threads and sizes[-1] <= len(whole) / 10


def test_a_call_may_be_as_small_as_a_block(model):
    """Results that are large, or long runs, are no reason for a call without members."""
    system = model("p = 1\nx = INTEG(-p*x, 1)").system
    parts = chunks(system, Steps(0.0, 1.0, np.arange(10**6)), 8, 1000, 20, 2)
    assert [len(part) for part in parts] == [8, 8, 4]
