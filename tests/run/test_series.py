"""Series for data variables, given when a model is opened."""

import numpy as np
import pytest
import xarray as xr

import capdyn
from equations import mdl

EQUATIONS = "R: home, core\nRain :HOLD BACKWARD:\ny[R] :INTERPOLATE:\nx = Rain + SUM(y[R!])"
RAIN = xr.DataArray([1.0, np.nan, 3.0], {"time": [0, 1, 2]}, "time")
Y = xr.DataArray([[10.0, 30.0], [100.0, 300.0]], {"R": ["core", "home"], "time": [0, 2]}, ("R", "time"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.mdl").write_text(mdl(EQUATIONS))
    (tmp_path / "all.csv").write_text('year,rain,"y[Home]","Y[ core ]"\n0,1,100,10\n1,,,\n2,3,300,30\n')
    capdyn.save(xr.Dataset({"Rain": RAIN, "y": Y}), tmp_path / "run.nc")
    return tmp_path


GIVEN = {
    "arrays": {"rain": RAIN, "y": Y},
    "a text file": {"Rain": "all.csv", "y": "all.csv"},
    "a run": {"Rain": "run.nc", "y": "run.nc"},
}


@pytest.mark.parametrize("data", GIVEN.values(), ids=GIVEN)
def test_value(folder, data):
    result = capdyn.simulate(capdyn.open_model("m.mdl", data=data))
    assert result["Rain"].values.tolist() == [1, 1, 3, 3, 3]
    assert result["y"].sel(R="home").values.tolist() == [100, 200, 300, 300, 300]
    assert result["x"].values.tolist() == [111, 221, 333, 333, 333]


def test_the_hash_covers_the_series(folder):
    one, same, other = (
        capdyn.open_model("m.mdl", data={"Rain": rain, "y": Y}).source.hash for rain in (RAIN, RAIN, RAIN * 2)
    )
    assert one == same != other


MISTAKES = {
    "no such variable": ({"Rainn": RAIN}, "data: 'Rainn' is not a variable of 'm'. Did you mean 'Rain'?"),
    "an auxiliary": ({"x": RAIN}, "data: 'x' has equations of its own. Series can be given for Rain, y."),
    "a list": ({"Rain": [1, 2]}, "data: 'Rain' is given as list. Give a DataArray with the dimension time"),
    "no such file": (
        {"Rain": "al.csv"},
        "data: There is no file 'al.csv' (looked for in '.'). Did you mean 'all.csv'",
    ),
    "no such column": ({"Rain": "other.csv"}, "data: 'other.csv' has no column 'Rain'. Did you mean 'Rian'?"),
    "no such variable in a run": (
        {"Rain": "other.nc"},
        "data: 'other.nc' has no variable 'Rain'. Did you mean 'Rian'?",
    ),
    "a dimension too many": (
        {"Rain": Y},
        "data: The series of 'Rain' has the dimensions R, time. It needs time and 0",
    ),
    "an element too few": (
        {"y": Y.isel(R=[0])},
        "data: The series of 'y[home]' has no 'home' along its dimension R. Did you mean 'core'?",
    ),
    "times that go back": ({"Rain": RAIN[::-1]}, "data: The times of the series of 'Rain' do not increase."),
    "nothing": ({"Rain": RAIN * np.nan}, "data: The series of 'Rain' has no numbers."),
}


@pytest.mark.parametrize("data, message", MISTAKES.values(), ids=MISTAKES)
def test_mistake(folder, data, message):
    (folder / "other.csv").write_text("t,Rian\n0,1\n")
    capdyn.save(xr.Dataset({"Rian": RAIN}), folder / "other.nc")
    with pytest.raises(capdyn.ArgumentError) as caught:
        capdyn.open_model("m.mdl", data=data)
    assert str(caught.value).startswith(message)
