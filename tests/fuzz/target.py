"""One input: it ends in a result, or in one CapdynError that says where; nothing else happens."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

MOST_STEPS = 2_000
MOST_NUMBERS = 200_000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
FORBIDDEN = (
    "socket.connect",
    "socket.bind",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
)
CHANGING = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "shutil.rmtree",
)


class Watch:
    """Notes what a run does to files, processes and the network outside of one folder (an audit hook stays for ever)."""

    def __init__(self) -> None:
        self.allowed = ""
        self.seen: list[str] = []
        self.active = False
        sys.addaudithook(self._event)

    def _event(self, event: str, arguments: tuple) -> None:  # type: ignore[type-arg]
        if not self.active:
            return
        if event in FORBIDDEN:
            self.seen.append(f"{event}{arguments!r}"[:200])
        elif event == "open":
            path, mode, flags = arguments
            writes = bool((flags or 0) & WRITING) or any(letter in (mode or "") for letter in "wax+")
            if writes and isinstance(path, str | bytes | os.PathLike):
                self._outside(event, os.fsdecode(path))
        elif event in CHANGING:
            self._outside(event, os.fsdecode(arguments[0]))

    def _outside(self, event: str, path: str) -> None:
        if path != os.devnull and not os.path.abspath(path).startswith(self.allowed):  # noqa: PTH100 (no call back into pathlib)
            self.seen.append(f"{event} {path}")


def run(data: bytes, suffix: str, folder: Path, watch: Watch, compiled: bool) -> tuple[str, str]:
    """(outcome, detail): 'result', 'refused' (ModelError), 'failed' (another CapdynError), or 'FINDING'."""
    file = folder / f"model.{suffix}"
    file.write_bytes(data)
    watch.allowed, watch.seen, watch.active = str(folder), [], True
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            outcome, detail = _attempt(file, compiled)
        loud = [str(w.message) for w in told if "pysd" not in w.filename and "pandas" not in w.filename]
        if loud and outcome != "FINDING":
            outcome, detail = "FINDING", f"warning: {loud[0]}"
    except BaseException as error:  # whatever it is, it should not have come out
        outcome, detail = "FINDING", f"{type(error).__name__}: {error}\n{traceback.format_exc()[-1500:]}"
    finally:
        watch.active = False
    if watch.seen:
        outcome, detail = "FINDING", f"outside: {watch.seen[:3]}"
    left = sorted(path.name for path in folder.iterdir() if path != file)
    if left:
        outcome, detail = "FINDING", f"files left: {left}"
    return outcome, detail


def _attempt(file: Path, compiled: bool) -> tuple[str, str]:
    import capdyn

    try:
        model = capdyn.open_model(file)
    except capdyn.ModelError as error:
        lacking = [problem for problem in error.problems if not _says_where(problem)]
        return ("FINDING", f"no line: {lacking[0]}") if lacking else ("refused", str(error))
    except capdyn.StoreError as error:
        return "refused", str(error)
    if sum(symbol.size for symbol in model.system.symbols.values()) > MOST_NUMBERS:
        return "result", "opened; too large to run here"
    try:
        if _steps(model) > MOST_STEPS:
            return "result", "opened; too many steps to run here"
        slow = capdyn.simulate(model, method=_method(model), engine="interpret")
    except capdyn.CapdynError as error:
        if not str(error):
            return "FINDING", "an error that says nothing"
        return "failed", str(error)
    if compiled:
        fast = capdyn.simulate(model, method=_method(model))
        for name in slow.data_vars:
            np.testing.assert_allclose(
                fast[name].values, slow[name].values, rtol=1e-9, atol=1e-9, err_msg=str(name)
            )
    return "result", ""


def _says_where(problem) -> bool:  # type: ignore[no-untyped-def]
    """A file and a line; what is missing altogether has no line, and the last of very many stands for the rest."""
    if problem.what.startswith("... and "):
        return True
    return problem.where is not None and (
        problem.where.line >= 1 or problem.what.startswith("The model has no '")
    )


def _method(model) -> str:  # type: ignore[no-untyped-def]
    return model.source.method or "euler"


def _steps(model) -> float:  # type: ignore[no-untyped-def]
    from capdyn.run.scenario import resolve
    from capdyn.run.simulate import fill, read_clock

    machine = model.engine("interpret")
    values = machine.values()
    settings = resolve(model.system, None, model.folder, None, None, None, _method(model))
    fill(machine, values, settings)
    return read_clock(machine, values, settings, model).steps.saves[-1]
