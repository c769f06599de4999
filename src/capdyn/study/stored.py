"""What a study's folder was made from, read back from nothing but the folder."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from ..errors import StoreError
from .job import Job
from .read import read_study
from .store import MODEL, Store, open_store, source_of
from .study import Study


def stored_job(store: Store) -> Job:
    """The job of a folder.

    Raises
    ------
    StoreError
        Its model cannot be read.
    """
    remedy = f"Restore '{store.folder / MODEL}'."
    try:
        job = Job.from_text(store.record.to_json(), source_of(store.folder))
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"The model of '{store.folder}' cannot be read: {error}.", remedy=remedy) from None
    if job.model.source.hash != store.record.model_hash:
        raise StoreError(f"The model in '{store.folder}' is not that of its runs.", remedy=remedy)
    return job


def stored_study(folder: str | Path) -> Study:
    """The study of a folder: its file, in the model and the scenarios that are kept with it.

    Raises
    ------
    StoreError
        There is none, or it was made without a study file.
    ScenarioError
        This version of capdyn reads the file otherwise.
    """
    store = open_store(Path(folder))
    if not store.record.text:
        raise StoreError(
            f"'{folder}' was made without a study file.", remedy="Call capdyn.run_study with a longer sample."
        )
    model = stored_job(store).model
    beside = Path(folder) / MODEL
    try:
        given = tomllib.loads(store.record.text)
    except tomllib.TOMLDecodeError as error:
        raise StoreError(
            f"The study file in '{folder}' cannot be read: {error}.", remedy="Use another folder."
        ) from None
    # As they were resolved: whatever the files that the study named say today.
    given["scenarios"] = list(store.record.scenario_names)
    if "posterior" in given:
        given["posterior"] = {"file": str((beside / Path(given["posterior"]["file"]).name).resolve())}
    study = read_study(given, replace(model, path=beside / model.path.name, folder=beside))
    return replace(study, text=store.record.text, title=store.record.name)
