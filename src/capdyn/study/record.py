"""What a study's folder says of itself: everything that decides its numbers but the sample, as plain JSON.

The same text tells a worker on another machine what to run, and `reproduce` what was run.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import inf, isinf
from typing import Any

from ..run.features import Feature

FORMAT = "capdyn study 1"


@dataclass(frozen=True)
class Record:
    """A plan as it is kept.

    scenarios : name and resolved text (TOML) of each.
    batch : members a shard; piece : members whose trajectories are in memory at a time.
    text : the study file. versions, created : of the first run.
    """

    name: str
    model: str
    model_hash: str
    inputs: tuple[str, ...]
    scenarios: tuple[tuple[str, str], ...]
    features: tuple[Feature, ...]
    series: tuple[str, ...]
    thin: int
    seed: int
    n_members: int
    batch: int
    piece: int
    text: str
    about: Mapping[str, str | float]
    versions: str
    created: str

    def to_json(self) -> str:
        """As text; `from_json` gives the same record back."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["features"] = [
            {**asdict(feature), "never": None if isinf(feature.never) else feature.never}
            for feature in self.features
        ]
        return json.dumps({"format": FORMAT, **plain, "about": dict(self.about)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Reads what `to_json` wrote.

        Raises
        ------
        ValueError
            It is something else.
        """
        try:
            plain: dict[str, Any] = json.loads(text)
            if plain.pop("format", None) != FORMAT:
                raise ValueError(f"it is not in the format '{FORMAT}'")
            features = tuple(
                Feature(**{**feature, "never": inf if feature["never"] is None else feature["never"]})
                for feature in plain.pop("features")
            )
            scenarios = tuple((str(name), str(scenario)) for name, scenario in plain.pop("scenarios"))
            inputs, series = tuple(plain.pop("inputs")), tuple(plain.pop("series"))
            return cls(features=features, scenarios=scenarios, inputs=inputs, series=series, **plain)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is not whole: {error}") from None

    @property
    def scenario_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.scenarios)

    def settings(self, scenario: str) -> dict[str, Any]:
        """A scenario as a mapping, ready for a run."""
        return tomllib.loads(dict(self.scenarios)[scenario])

    def differences(self, other: Record) -> list[str]:
        """What of another plan would give other numbers than this one's."""
        words = {
            "model_hash": "another model",
            "inputs": "other inputs",
            "scenarios": "other scenarios",
            "features": "other features",
            "series": "other series",
            "thin": "another thinning of the series",
            "seed": "another seed",
        }
        return [word for name, word in words.items() if getattr(self, name) != getattr(other, name)]
