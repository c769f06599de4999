"""Values from the command line that are what they should be already.

typer converts each value, given or not, by pydantic, which takes as long to import as numpy: a third of the time in
which `capdyn run` shows its first numbers. A text for a text and a value left out need no conversion. All else, and
whatever another version of typer does otherwise, is typer's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_SEVERAL = {list[str]: str, list[Path]: Path}


def spare_conversions(command: Any) -> None:
    """Lets the parameters of a command of typer ask typer only for values that need it."""
    get_params = command.get_params

    def spared(context: Any) -> Any:
        params = get_params(context)
        for param in params:
            if "process_value" not in vars(param):
                param.process_value = _process(param, param.process_value)
        return params

    command.get_params = spared


def _process(param: Any, convert: Any) -> Any:
    """What takes the place of a parameter's `process_value`, and asks it where need be."""
    wanted = getattr(getattr(param, "type_descriptor", None), "annotation", None)

    def process(context: Any, value: Any) -> Any:
        if wanted is None or (value is None and param.required):
            return convert(context, value)
        if value is None:
            ready: Any = () if param.multiple or param.nargs == -1 else None
        elif type(value) is wanted or (isinstance(value, str) and wanted in (str, Path)):
            ready = wanted(value)
        elif value and wanted in _SEVERAL and isinstance(value, list | tuple):
            ready = [_SEVERAL[wanted](item) for item in value]
        else:
            return convert(context, value)
        return param.callback(context, param, ready) if param.callback else ready

    return process
