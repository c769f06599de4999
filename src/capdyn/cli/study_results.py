"""What `capdyn study` does when the runs are there: analysis, results.nc, report.html, and the sentences on
the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..study.study import Study

RESULTS = "results.nc"


def write_results(runs: Any, study: Study, folder: Path, tell: Callable[[int, int, str], None]) -> list[str]:
    """Analyses the runs of a study, writes `results.nc`, `report.html` and `figures/` into its folder.

    Parameters
    ----------
    runs : Dataset
        As `capdyn.run_study` gives it.

    Returns
    -------
    list of str
        What was found, a sentence each.
    """
    import json

    from ..report.study_page import write_study_report
    from ..run.atomic import cannot_write
    from ..run.store import save
    from ..study.analyse import analyse
    from ..study.publish import publish

    results = publish(analyse(runs, study, tell))
    try:
        save(results, folder / RESULTS)
        write_study_report(results, folder, tell)
    except OSError as error:
        raise cannot_write(folder, error) from None
    return [sentence for part in json.loads(results.attrs["words"]).values() for sentence in part]
