"""Synthetic runs with the theory's vocabulary: the shape of what `simulate` returns, made without a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import xarray as xr

REGIONS = ["Home", "Neighbour", "Core"]
KINDS = ["investment", "production", "innovation"]
CHANNELS = [
    "local market",
    "domestic bulk",
    "domestic quality",
    "export bulk",
    "export quality",
    "public procurement",
]
GENERATIONS = ["first", "second", "third"]
LEVERS = {  # name: generation
    "infrastructure": "first",
    "hardware_credit": "first",
    "supply_push_institutes": "first",
    "network_broker": "second",
    "service_centres": "second",
    "conditional_procurement": "third",
    "external_nexus": "third",
    "systemic_coordination": "third",
}
POLICIES: dict[str, dict[str, tuple[float, float, float]]] = {  # scenario: lever: intensity, start, stop
    "baseline": {},
    "supply_push": {
        "infrastructure": (0.5, 2, 30),
        "hardware_credit": (1.0, 5, 15),
        "supply_push_institutes": (0.8, 5, 40),
    },
    "network_broker_only": {"network_broker": (0.6, 5, 20), "service_centres": (0.4, 8, 20)},
    "conditional_package": {
        "network_broker": (0.6, 5, 20),
        "conditional_procurement": (0.9, 5, 18),
        "external_nexus": (0.7, 8, 25),
        "systemic_coordination": (1.0, 5, 25),
    },
}
WHY = {
    "baseline": "What happens if nothing is done?",
    "supply_push": "Do equipment and institutes help when nobody asks for them?",
    "network_broker_only": "Is cooperation enough without demanding buyers?",
    "conditional_package": "What do demand, linkages and joint action do together, while they last?",
}
PUSH = {"baseline": 0.0, "supply_push": 0.25, "network_broker_only": 0.45, "conditional_package": 1.0}
INDICES = ["Trust", "Joint action", "Novelty of local knowledge", "Attitude to change", "External linkages"]


def logistic(time: np.ndarray, low: float, high: float, middle: float, width: float) -> np.ndarray:
    return low + (high - low) / (1 + np.exp(-(time - middle) / width))


def scenario_toml(name: str) -> str:
    levers = "".join(
        f"\n[levers.{lever}]\nintensity = {i}\nstart = {start}\nstop = {stop}\n"
        for lever, (i, start, stop) in POLICIES.get(name, {}).items()
    )
    return f'why = "{WHY.get(name, "A further question.")}"\n{levers}\n[time]\nfinal = 40\n'


def synthetic_run(
    name: str = "baseline",
    final: float = 40.0,
    saveper: float = 1.0,
    push: float | None = None,
    policy: Mapping[str, tuple[float, float, float]] | None = None,
) -> xr.Dataset:
    """A run of the regional model's outputs; `push` (0 to 1) is how well Home does."""
    push = PUSH.get(name, 0.0) if push is None else push
    policy = POLICIES.get(name, {}) if policy is None else policy
    time = np.arange(0.0, final + saveper / 2, saveper)
    starts = {"investment": 8.0, "production": 12.0, "innovation": 20.0}
    capability = np.empty((len(time), len(REGIONS), len(KINDS)))
    for k, kind in enumerate(KINDS):
        top = {"investment": 0.55, "production": 0.6, "innovation": 0.42}[kind]
        low = 0.02 if kind == "innovation" else 0.12
        capability[:, 0, k] = logistic(time, low, low + push * (top - low), starts[kind], 4)
        capability[:, 1, k] = logistic(time, low, low + 0.1 * push, starts[kind] + 6, 5)
        capability[:, 2, k] = 0.95 - 0.001 * time * (1 - push)
    region = np.array([1.0, 0.8, 2.0])
    growth = np.exp((0.002 + 0.02 * push) * time)[:, None] * region
    sales = np.stack([growth * 1e6 * w for w in (4, 3, 1, 0.5, 0.2, 0.4)], axis=-1)
    sales[:, :, 3:5] *= (1 + 6 * push * time / 40)[:, None, None]
    outlay = sum((i * 2e5 * np.clip(time - a, 0, b - a) for i, a, b in policy.values()), np.zeros_like(time))
    regional = ("time", "Region")
    data: dict[str, tuple] = {
        "Relative capability": (("time", "Region", "Capability kind"), capability, "Dmnl"),
        "Employment": (regional, growth * 5200, "person"),
        "Sales": (("time", "Region", "Channel"), sales, "dollar/Year"),
        "Value added per worker": (regional, growth * 3100, "dollar/(person*Year)"),
        "Public outlay": (regional, np.stack([outlay, 0 * outlay, 0 * outlay], axis=-1), "dollar"),
        "Demand growth": ((), 0.02, "1/Year"),
    }
    for number, index in enumerate(INDICES):
        home = logistic(time, 0.2 + 0.03 * number, 0.3 + 0.5 * push - 0.04 * number, 8 + number, 3)
        data[index] = (regional, np.stack([home, 0.3 + 0 * time, 0.6 + 0 * time], axis=-1), "Dmnl")
    intensity, start, stop = np.zeros((len(LEVERS), 3)), np.zeros(len(LEVERS)), np.full(len(LEVERS), 1000.0)
    for row, lever in enumerate(LEVERS):
        intensity[row, 0], start[row], stop[row] = policy.get(lever, (0.0, 0.0, 1000.0))
    member = [[float(generation == g) for g in GENERATIONS] for generation in LEVERS.values()]
    data["Lever intensity"] = (("Lever", "Region"), intensity, "Dmnl")
    data["Lever start"] = (("Lever",), start, "Year")
    data["Lever stop"] = (("Lever",), stop, "Year")
    data["Lever generation"] = (("Lever", "Generation"), np.array(member), "Dmnl")
    run = xr.Dataset(
        {
            key: (dims, values, {"units": unit, "long_name": key, "description": f"{key} of each region."})
            for key, (dims, values, unit) in data.items()
        },
        coords={
            "time": ("time", time, {"units": "Year"}),
            "Region": REGIONS,
            "Capability kind": KINDS,
            "Channel": CHANNELS,
            "Lever": list(LEVERS),
            "Generation": GENERATIONS,
        },
        attrs={
            "model": "regional_capability",
            "model_hash": "3f0c9a7e",
            "scenario": name,
            "scenario_text": scenario_toml(name),
            "method": "rk4",
            "step": 0.125,
            "versions": '{"capdyn": "0.1.0", "numpy": "2.4"}',
            "created": "2026-11-20T10:00:00+00:00",
        },
    )
    return run


def plain_run(name: str = "baseline", regions: int = 0, variables: int = 5) -> xr.Dataset:
    """A run of some other model: a few stocks and flows, none of the fixed names, no levers."""
    time = np.linspace(0, 12, 25)
    data: dict[str, tuple] = {}
    for number in range(variables):
        values = 1000 * (number + 1) * np.exp(-time / (number + 2)) * (1.3 if name != "baseline" else 1.0)
        equation = "INTEG(births - deaths, 1000)" if number % 2 else "births * 2"
        data[f"Quantity {number}"] = (("time",), values, {"units": "widget", "equation": equation})
    if regions:
        spread = np.outer(np.sqrt(time), np.arange(1, regions + 1))
        data["Stock by place"] = (("time", "Place"), spread, {"units": "widget", "equation": "INTEG(x, 0)"})
    coords: dict[str, object] = {"time": ("time", time, {"units": "Month"})}
    if regions:
        coords["Place"] = [f"place {i}" for i in range(regions)]
    return xr.Dataset(data, coords=coords, attrs={"model": "widgets", "scenario": name})


@pytest.fixture(scope="session")
def make_run() -> Callable[..., xr.Dataset]:
    return synthetic_run


@pytest.fixture(scope="session")
def make_plain_run() -> Callable[..., xr.Dataset]:
    return plain_run


@pytest.fixture(scope="session")
def four_runs() -> list[xr.Dataset]:
    return [
        synthetic_run(name)
        for name in ("supply_push", "baseline", "network_broker_only", "conditional_package")
    ]
