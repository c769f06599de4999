"""A study's folder: one sharded Zarr store, a shard a batch.

    study.toml      the study file, as it was given
    model/          the equation file and the scenarios for people, and all of the model as capdyn reads it
    runs.zarr/      sample, features, status, failed_time, failed_variable, digest, each series; study/layout.py
    lock            study/lock.py

`runs.zarr` is there when the rest is. A shard is written under another name and renamed (by zarr), a batch's `digest`
after its arrays, its `status` last: a run counts when its status does. So whatever ends a process or fills a disk, what
counts is whole, and at most the batches under way are lost. `is_whole` compares digests: a shard that is damaged,
missing or exchanged is found, and its batch run again.

Status of a run: -1 not run, 0 ok, 1 not finite (`failed_time`, `failed_variable` say when and what). The numbers of a
run that is not finite are kept as they came, not-a-number among them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
import zarr

from ..errors import StoreError
from ..run.atomic import cannot_write, whole_file
from .job import NOT_FINITE, NOT_RUN, Batch, Done, Job
from .layout import PROVENANCE, RESULTS, RUNS, lay_out
from .lock import LOCK
from .prepare import Template
from .record import Record

STUDY, MODEL, SOURCE = "study.toml", "model", "model.json"
_PART = "runs.part"  # a store in the making
_DAMAGE = (OSError, ValueError, KeyError, RuntimeError, TypeError)  # what zarr raises on broken bytes


@dataclass(frozen=True, eq=False)
class Store:
    """An open study. arrays : by name."""

    folder: Path
    record: Record
    arrays: Mapping[str, zarr.Array]

    @property
    def n_batches(self) -> int:
        return -(-self.record.n_members // self.record.batch)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in (self.folder / RUNS).rglob("*") if path.is_file())

    @property
    def results(self) -> list[str]:
        """Names of the arrays that runs fill, in the order in which they are written."""
        return [*(name for name in self.arrays if name.startswith("series_")), *RESULTS]

    def members(self, number: int) -> np.ndarray:
        """All members of a batch. shape (n,)"""
        first = number * self.record.batch
        return np.arange(first, min(first + self.record.batch, self.record.n_members))

    def sample(self, members: np.ndarray) -> np.ndarray:
        """The inputs of members in ascending order. shape (n, n_inputs)"""
        first, last = int(members[0]), int(members[-1])
        with reading(self.folder):
            return np.asarray(self.arrays["sample"][first : last + 1])[members - first]

    def status(self, number: int) -> np.ndarray:
        """shape (n_scenarios, n)"""
        return self._read("status", self.members(number))

    def unfinished(self, number: int) -> np.ndarray:
        """Members of a batch that have not been run. shape (n,)"""
        return self.members(number)[(self.status(number) == NOT_RUN).any(axis=0)]

    def read(self, number: int, members: np.ndarray) -> Batch:
        """What is stored of some runs of a batch."""
        every = self.members(number)
        chosen = np.isin(every, members)
        return Batch(
            number, every[chosen], {name: self._read(name, every)[:, chosen] for name in self.results}
        )

    def write(self, batch: Batch) -> Done:
        """Puts runs of a batch beside what is there of it.

        Raises
        ------
        StoreError
            The system refuses; what counted before counts still.
        """
        members, arrays = self.members(batch.number), batch.arrays
        if len(batch.members) < len(members):  # the last batch of a study that was extended
            kept = self.read(batch.number, np.setdiff1d(members, batch.members))
            order = np.argsort(np.concatenate([kept.members, batch.members]), kind="stable")
            arrays = {n: np.concatenate([kept.arrays[n], arrays[n]], axis=1)[:, order] for n in arrays}
        here = slice(int(members[0]), int(members[-1]) + 1)
        with writing(self.folder):
            for name in self.results[:-1]:
                # In this order in memory, too: zarr writes texts as they lie there.
                self.arrays[name][:, here] = np.ascontiguousarray(arrays[name])
            self.arrays["digest"][batch.number : batch.number + 1] = digest(arrays)
            self.arrays["status"][:, here] = arrays["status"]
        status = batch.arrays["status"]
        return Done(batch.number, status.size, int((status == NOT_FINITE).sum()))

    def is_whole(self, number: int) -> bool:
        """Whether what counts of a batch is what was written."""
        try:
            members = self.members(number)
            done = members[~np.isin(members, self.unfinished(number))]
            if not len(done):
                return True
            stored = np.asarray(self.arrays["digest"][number : number + 1])
            return int(stored[0]) == digest(self.read(number, done).arrays)
        except (StoreError, *_DAMAGE):
            return False

    def forget(self, number: int) -> None:
        """Removes what is there of a batch: zarr would read a broken shard before it writes into it."""
        with writing(self.folder):
            for name in ("status", "digest", *self.results[:-1]):
                array = self.arrays[name]
                place = (number,) if name == "digest" else (0, number, *[0] * (array.ndim - 2))
                shard = self.folder / RUNS / name / array.metadata.encode_chunk_key(place)
                shard.unlink(missing_ok=True)

    def dataset(self) -> xr.Dataset:
        """All of it, read from disk when it is looked at."""
        with reading(self.folder):
            stored = xr.open_zarr(
                self.folder / RUNS, chunks=None, consolidated=False, mask_and_scale=False, decode_times=False
            )
        found = stored.drop_vars("digest").isel(member=slice(self.record.n_members))
        found = found.rename(
            {n: v.attrs["true_name"] for n, v in found.variables.items() if "true_name" in v.attrs}
        )
        for variable in found.variables.values():
            variable.attrs.pop("true_name", None)
        found = found.set_coords([name for name in found if str(name).startswith("feature_")])
        labels = {
            n: (v.dims, np.array(v.values.tolist(), dtype=str))
            for n, v in found.coords.items()
            if v.dtype.kind == "T"
        }
        found = found.assign_coords({**labels, "member": np.arange(self.record.n_members)})
        found = found[["sample", *self.record.series, *RESULTS]]
        found.attrs.pop(PROVENANCE)
        return found.assign_attrs(
            {
                **self.record.about,
                "study": self.record.name,
                "study_text": self.record.text,
                "model": self.record.model,
                "model_hash": self.record.model_hash,
                "scenario_texts": json.dumps(dict(self.record.scenarios), ensure_ascii=False),
                "seed": self.record.seed,
            }
        )

    def _read(self, name: str, members: np.ndarray) -> np.ndarray:
        with reading(self.folder):
            found = np.asarray(self.arrays[name][:, int(members[0]) : int(members[-1]) + 1])
        return found if found.dtype.kind in "fiu" else found.astype(object)


def digest(arrays: Mapping[str, np.ndarray]) -> int:
    """A number that says whether arrays are the same, bit for bit."""
    made = hashlib.blake2b(digest_size=8)
    for name in sorted(arrays):
        array = arrays[name]
        made.update(f"{name} {array.shape} ".encode())
        text = array.dtype.kind not in "fiu"
        made.update("\0".join(array.ravel()).encode() if text else np.ascontiguousarray(array).tobytes())
    return int.from_bytes(made.digest(), "little")


def create(
    folder: Path, job: Job, template: Template, sample: np.ndarray, files: Iterable[Path] = ()
) -> Store:
    """A study's folder without any run; it counts when it is whole. Whoever calls this holds the lock.

    files : what the study's text names, to be kept with the model.

    Raises
    ------
    StoreError
        Something else is in the folder, or the system refuses.
    """
    part = folder / _PART
    with writing(folder):
        strangers = {path.name for path in folder.iterdir()} - {STUDY, MODEL, LOCK, _PART}
        if strangers:
            raise StoreError(
                f"'{folder}' is no study and holds '{min(strangers)}'.",
                remedy="Choose another folder, or empty it.",
            )
        shutil.rmtree(part, ignore_errors=True)
        (folder / MODEL).mkdir(exist_ok=True)
        (folder / MODEL / SOURCE).write_text(job.source_text(), encoding="utf-8")
        if job.model.path.is_file():
            shutil.copyfile(job.model.path, folder / MODEL / job.model.path.name)
        for path in files:
            shutil.copyfile(path, folder / MODEL / path.name)
        (folder / MODEL / "scenarios").mkdir(exist_ok=True)
        for number, (name, text) in enumerate(job.record.scenarios):
            stem = name if re.fullmatch(r"[\w .-]+", name) else f"scenario {number}"
            (folder / MODEL / "scenarios" / f"{stem}.toml").write_text(text, encoding="utf-8")
        if job.record.text:
            (folder / STUDY).write_text(job.record.text, encoding="utf-8")
        lay_out(part, job.record, template, sample)
        part.rename(folder / RUNS)
    return open_store(folder, "r+")


def open_store(folder: Path, mode: Literal["r", "r+"] = "r") -> Store:
    """The study of a folder; to write into it: 'r+'.

    Raises
    ------
    StoreError
        There is none, or it is damaged.
    """
    path = folder / RUNS
    if not path.is_dir():
        raise StoreError(
            f"There is no study in '{folder}'.", remedy="Make one with: capdyn study FILE --out FOLDER"
        )
    with reading(folder, "Restore it from a copy, or make the study again in another folder."):
        group = zarr.open_group(path, mode=mode)
        record = Record.from_json(str(group.attrs[PROVENANCE]))
        arrays = dict(group.arrays())
        if missing := {"sample", "digest", *RESULTS} - set(arrays):
            raise ValueError(f"'{min(missing)}' is missing")
    return Store(folder, record, arrays)


def tidy(store: Store) -> None:
    """Clears away what a process left behind that was killed. Whoever calls this holds the lock."""
    with writing(store.folder):
        for left in (store.folder / RUNS).rglob("*.partial"):
            left.unlink(missing_ok=True)
        _resize(store.arrays, store.record.n_members, store.record.batch)  # an extension that was cut short


def extend(store: Store, record: Record, sample: np.ndarray) -> Store:
    """Makes room for more members, and fills in their inputs. It counts when the record says so.

    record : as the store's, but for the number of members and the study's text.

    Raises
    ------
    StoreError
        The sample does not begin with the one that is there.
    """
    old = store.record.n_members
    with reading(store.folder):
        begins = np.asarray(store.arrays["sample"][:old])
    if sample[:old].tobytes() != begins.tobytes():
        raise StoreError(
            f"The sample does not begin with that of '{store.folder}'.",
            remedy="Extend with the same method and seed, or choose another folder.",
        )
    with writing(store.folder):
        _resize(store.arrays, len(sample), record.batch)
        store.arrays["sample"][old:] = sample[old:]
        if record.text:
            with whole_file(store.folder / STUDY) as part:
                part.write_text(record.text, encoding="utf-8")
        group = zarr.open_group(store.folder / RUNS, mode="r+")
        group.attrs[PROVENANCE] = replace(record, n_members=len(sample)).to_json()
    return open_store(store.folder, "r+")


def source_of(folder: Path) -> str:
    """The model of a study, as text.

    Raises
    ------
    StoreError
        It cannot be read.
    """
    with reading(folder):
        return (folder / MODEL / SOURCE).read_text(encoding="utf-8")


def _resize(arrays: Mapping[str, zarr.Array], n_members: int, batch: int) -> None:
    for name in ("digest", "sample", *(name for name in arrays if name.startswith("series_")), *RESULTS):
        array = arrays[name]
        axis = 0 if name in ("digest", "sample") else 1
        length = -(-n_members // batch) if name == "digest" else n_members
        if array.shape[axis] != length:
            array.resize((*array.shape[:axis], length, *array.shape[axis + 1 :]))


@contextmanager
def reading(
    folder: Path, remedy: str = "Give the command that made it again: it runs what is not whole."
) -> Iterator[None]:
    """Turns what zarr says of broken bytes into a StoreError."""
    try:
        yield
    except _DAMAGE as error:
        raise StoreError(f"The study in '{folder}' is damaged: {error}.", remedy=remedy) from None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns what the system says into a StoreError."""
    try:
        yield
    except OSError as error:
        raise cannot_write(folder, error) from None
