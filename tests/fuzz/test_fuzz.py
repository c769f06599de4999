"""Three hundred broken equation files. Many more: python tests/fuzz/run.py 20000 ."""

from fuzz.mutate import inputs
from fuzz.run import fuzz


def test_every_input_ends_in_a_result_or_in_one_error_that_says_where():
    counts, findings = fuzz(300)
    assert not findings, [(number, suffix, detail) for number, suffix, _, detail in findings]
    assert sum(counts.values()) == 300
    assert counts["result"] >= 30 and counts["refused"] >= 30  # both ways are walked


def test_the_inputs_are_the_same_each_time():
    assert list(inputs(60)) == list(inputs(60))
    assert list(inputs(20, first=40)) == list(inputs(60))[40:]
    assert list(inputs(30, seed=1)) != list(inputs(30, seed=2))


def test_what_should_not_happen_is_noticed(tmp_path):
    """The watch sees a file that is written elsewhere."""
    import os
    import subprocess
    import sys
    from pathlib import Path

    script = """
import sys
from fuzz.target import Watch
watch = Watch()
watch.allowed, watch.active = sys.argv[1], True
open(sys.argv[1] + '/inside', 'w').close()
open(sys.argv[2], 'w').close()
watch.active = False
print(watch.seen)
"""
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    tests = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", script, str(chosen), str(tmp_path / "outside")],
        env={**os.environ, "PYTHONPATH": tests},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"['open {tmp_path / 'outside'}']"
