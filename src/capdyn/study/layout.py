"""The arrays of a study's store: shapes, shards, what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from .job import NOT_FINITE, NOT_RUN, OK
from .prepare import Template
from .record import Record

RUNS = "runs.zarr"
RESULTS = ("features", "failed_time", "failed_variable", "status")  # `status` last: with it a run counts
PROVENANCE = "capdyn_study"  # the attribute that holds the record
_CHUNK = 2**20  # bytes of a series that are read together
_CODECS = (ZstdCodec(level=1), Crc32cCodec())


def lay_out(path: Path, record: Record, template: Template, sample: np.ndarray) -> None:
    """Makes the store, its coordinates and sample filled in, its results not run."""
    group = zarr.create_group(path, attributes={PROVENANCE: record.to_json(), **template.about})
    for name, given in template.coordinates.items():
        values = given.values
        dtype = "str" if values.dtype == object else "f8"
        _add(group, name, given.dims, values.shape, dtype, given.about, values.shape)[:] = values
    n_scenarios, n_features, batch = len(record.scenarios), len(record.features), record.batch
    room = (batch, sample.shape[1])
    _add(group, "sample", ("member", "input"), sample.shape, "f8", _SAMPLE, room)[:] = sample
    runs, shard = (n_scenarios, len(sample)), (n_scenarios, batch)
    for name, dtype, about in _KEPT:
        dims = ("scenario", "member")
        if name == "features":
            chunk = (1, batch, 1)
            _add(
                group,
                name,
                (*dims, "feature"),
                (*runs, n_features),
                dtype,
                about,
                (*shard, n_features),
                chunk,
            )
        else:
            _add(group, name, dims, runs, dtype, about, shard)
    for name, series in template.series.items():
        n_times, *rest = series.values.shape
        row = 8 * batch * int(np.prod(rest))
        times = min(n_times, max(1, _CHUNK // row))
        whole = -(-n_times // times) * times
        _add(
            group,
            name,
            ("scenario", "member", *series.dims),
            (*runs, n_times, *rest),
            "f8",
            series.about,
            (*shard, whole, *rest),
            (1, batch, times, *rest),
        )
    _add(group, "digest", ("batch",), (-(-len(sample) // batch),), "u8", {}, (1,))


_SAMPLE = {"long_name": "Inputs of each member"}
_KEPT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "features",
        "f8",
        {"long_name": "Features of each run", "description": "`feature_units` holds the units"},
    ),
    ("failed_time", "f8", {"long_name": "Time of the first value that was not finite"}),
    ("failed_variable", "str", {"long_name": "First variable that was not finite"}),
    (
        "status",
        "i1",
        {
            "long_name": "Outcome of the run",
            "flag_values": [NOT_RUN, OK, NOT_FINITE],
            "flag_meanings": "not_run ok not_finite",
        },
    ),
)
_EMPTY = {"f8": np.nan, "i1": NOT_RUN, "u8": 0, "str": ""}


def _add(
    group: zarr.Group,
    name: str,
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    dtype: str,
    about: Mapping[str, Any],
    shard: tuple[int, ...],
    chunk: tuple[int, ...] | None = None,
) -> zarr.Array:
    """An array without values; chunk : what is read together, by default the whole shard."""
    at_least_one = tuple(max(1, n) for n in shard)
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=at_least_one if chunk is None else chunk,
        shards=None if chunk is None else at_least_one,
        compressors=_CODECS,
        fill_value=_EMPTY[dtype],
        dimension_names=dims,
        attributes=dict(about),
    )
