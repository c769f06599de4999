"""How long a second start takes in a fresh process, import included, against a process that only imports numpy.

    python benchmarks/start.py [--model FOLDER] [--repeat 9] [--against SRC]

Seconds of processor time, medians of runs in turns, and how many times as long that is. `--against` names the `src`
folder of another version, measured in the same turns.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMAND = (
    "import sys; from capdyn.cli import main; sys.argv = ['capdyn', 'run', sys.argv[1], '-o', sys.argv[2]]"
)
SCREEN = """
import os
class Screen:
    isatty = lambda self: False
    flush = lambda self: None
    def write(self, text):
        if text.strip(): os._exit(0)
sys.stdout = Screen()
"""
PROGRAMS = {
    "import numpy": "import numpy",
    "numbers": "import sys, capdyn; from capdyn.run.simulate import trajectories\n"
    "trajectories(capdyn.open_model(sys.argv[1]))",
    "numbers of a scenario": "import sys, capdyn; from capdyn.run.simulate import trajectories\n"
    "trajectories(capdyn.open_model(sys.argv[1]), 'baseline')",
    "capdyn run, to its first table": f"{COMMAND}\n{SCREEN}\nmain()",
    "Dataset": "import sys, capdyn; capdyn.simulate(capdyn.open_model(sys.argv[1]))",
    "capdyn run, all of it": f"{COMMAND}\nmain()",
    "capdyn --help": "import sys; from capdyn.cli import main; sys.argv = ['capdyn', '--help']\nmain()",
    "capdyn run --help": "import sys; from capdyn.cli import main; sys.argv = ['capdyn', 'run', '--help']\nmain()",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "regional_capability")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--against", type=Path, help="the src folder of another version")
    arguments = parser.parse_args()
    versions = [ROOT / "src", *([arguments.against] if arguments.against else [])]
    taken: dict[tuple[str, Path], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.repeat + 1):
            for name, program in PROGRAMS.items():
                for version in versions:
                    seconds = measure(program, version, arguments.model.resolve(), Path(folder))
                    if turn:  # the first one is no second start
                        taken.setdefault((name, version), []).append(seconds)
    show({key: statistics.median(seconds) for key, seconds in taken.items()}, versions)


def measure(program: str, version: Path, model: Path, folder: Path) -> float:
    """Seconds of processor time of a process of its own; nan if that version cannot do it."""
    environment = os.environ | {"PYTHONPATH": str(version.resolve()), "CAPDYN_CACHE": str(folder / "cache")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program, str(model), str(folder / "out")],
        capture_output=True,
        env=environment,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return float("nan")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def show(medians: dict[tuple[str, Path], float], versions: list[Path]) -> None:
    """A row a program: seconds and times numpy, for each version."""
    print(f"{'':32}" + "".join(f"{str(version)[-24:]:>28}" for version in versions))
    for name in PROGRAMS:
        cells = [
            f"{medians[name, version]:12.3f} s {medians[name, version] / medians['import numpy', version]:8.1f} numpy"
            for version in versions
        ]
        print(f"{name:32}" + "".join(f"{cell:>28}" for cell in cells))


if __name__ == "__main__":
    main()
