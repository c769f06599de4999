"""What `save` writes is what xarray would write: other programs, and xarray itself, find the same in it."""

import datetime

import h5py
import numpy as np
import pytest
import xarray as xr

import capdyn
from capdyn.run.netcdf import load, save
from capdyn.run.result import Labelled, Result, plain, to_dataset

TIME = ("time", [0.0, 0.5, 1.0], {"units": "Year", "long_name": "Time"})
CASES = {
    "numbers along labels": xr.Dataset(
        {"Trust": (("time", "Region"), np.arange(6.0).reshape(3, 2), {"units": "Dmnl", "valid_min": 0.0})},
        {"time": TIME, "Region": ["Home", "Nachbar ö"]},
        {"step": 0.5, "seed": 3, "note": "", "list": [1.5, 2.5], "words": ["a", "b"]},
    ),
    "dimensions without labels": xr.Dataset({"x": (("a", "b"), np.ones((2, 3))), "y": ("b", [1, 2, 3])}),
    "a number alone": xr.Dataset({"x": 1.0, "word": "yes"}),
    "nothing": xr.Dataset(attrs={"a": 1}),
    "no members": xr.Dataset({"x": (("member", "k"), np.ones((0, 3)))}, {"member": np.arange(0)}),
    "truth": xr.Dataset({"ok": ("k", [True, False])}),
    "small numbers": xr.Dataset(
        {
            f"of {kind[-2:]}": ("k", np.array([1, 2], kind))
            for kind in ("f4", "i1", "i2", "i4", "u1", "u2", "u4", "u8", ">f8")
        }
    ),
    "words": xr.Dataset({"w": (("a", "b"), np.array([["", "ä"], ["ccc", "d\ne"]]))}),
    "objects that are words": xr.Dataset({"w": ("a", np.array(["", "b"], dtype=object))}),
    "many numbers": xr.Dataset({"x": (("k", "l"), np.linspace(0, 1, 10_000).reshape(100, 100))}),
    "not in order": xr.Dataset({"x": (("k", "l"), np.asfortranarray(np.arange(6.0).reshape(2, 3)))}),
    "labels beside": xr.Dataset(
        {"x": (("statistic", "k"), np.ones((2, 2))), "y": ("k", [1.0, 2.0])},
        {"statistic": ["mean", "max"], "statistic_unit": ("statistic", ["variable", "time"])},
    ),
    "labels of nothing": xr.Dataset({"y": ("k", [1.0, 2.0])}, {"own": ("l", [1, 2, 3]), "one": 5.0}),
    "dates": xr.Dataset({"x": ("t", [1.0, 2.0])}, {"t": np.array(["2020-01-01", "2021-01-01"], "M8[ns]")}),
}  # fmt: skip


@pytest.fixture(params=CASES)
def dataset(request):
    return CASES[request.param]


def by_xarray(dataset, path):
    """The file as xarray writes it."""
    encoding = {name: {"_FillValue": None} for name in dataset.variables}
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def test_is_what_xarray_writes(dataset, tmp_path):
    save(dataset, tmp_path / "ours.nc")
    by_xarray(dataset, tmp_path / "theirs.nc")
    ours, theirs = (xr.open_dataset(tmp_path / name) for name in ("ours.nc", "theirs.nc"))
    with ours, theirs:
        xr.testing.assert_identical(ours, theirs)
        assert dict(ours.sizes) == dict(theirs.sizes)
        assert {n: ours[n].dtype for n in ours.variables} == {n: theirs[n].dtype for n in theirs.variables}


def test_comes_back(dataset, tmp_path):
    save(dataset, tmp_path / "x.nc")
    if "t" not in dataset.coords:  # `load` leaves dates as numbers, since units of time are only units
        loaded = load(tmp_path / "x.nc")
        xr.testing.assert_equal(loaded, dataset)
        assert set(loaded.coords) == set(dataset.coords)


def test_the_same_bytes(dataset, tmp_path):
    for name in ("a.nc", "b.nc"):
        save(dataset, tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_what_the_netcdf_library_looks_for(tmp_path):
    save(CASES["numbers along labels"].assign(free=("k", [1.0, 2.0])), tmp_path / "x.nc")
    with h5py.File(tmp_path / "x.nc") as file:
        assert file.attrs["_NCProperties"].startswith(b"version=2,h5py=")
        assert {name: int(file[name].attrs["_Netcdf4Dimid"]) for name in ("time", "Region", "k")} == {
            "time": 0, "Region": 1, "k": 2,
        }  # fmt: skip
        assert list(file["Trust"].attrs["_Netcdf4Coordinates"]) == [0, 1]
        assert [axis[0].name for axis in file["Trust"].dims] == ["/time", "/Region"]
        assert file["k"].attrs["NAME"] == b"This is a netCDF dimension but not a netCDF variable.         2"
        assert h5py.h5ds.is_attached(file["free"].id, file["k"].id, 0)
        order = file["Trust"].id.get_create_plist().get_attr_creation_order()
        assert order & h5py.h5p.CRT_ORDER_TRACKED


def test_two_names_that_are_one_in_netcdf(tmp_path):
    run = xr.Dataset({"R/D": ("time", [1.0, 2.0]), "Price": ("R/D", [3.0, 4.0, 5.0])})
    save(run, tmp_path / "x.nc")
    loaded = load(tmp_path / "x.nc")
    assert loaded["Price"].dims == ("R/D",)
    np.testing.assert_array_equal(loaded["R/D"], [1, 2])


@pytest.mark.parametrize("values, said", [
    (np.array([1j]), "complex128"),
    (np.array([b"bytes"]), r"\|S5"),
    (np.array(["text", 1.0], dtype=object), "object"),
    (np.array([datetime.date(2020, 1, 1)], dtype=object), "object"),
])  # fmt: skip
def test_what_netcdf_cannot_hold(tmp_path, values, said):
    with pytest.raises(capdyn.StoreError, match=rf"^'x' holds neither numbers nor texts, but {said}\. "):
        save(xr.Dataset({"x": ("k", values)}), tmp_path / "x.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text, said", [("a\0b", "embedded NULLs"), ("\ud800", "surrogates not allowed")])
def test_texts_that_are_none(tmp_path, text, said):
    for run in (xr.Dataset(attrs={"a": text}), xr.Dataset({"x": ("k", [text])})):
        with pytest.raises(capdyn.StoreError, match=rf"x\.nc' cannot be written: .*{said}\. Take them out"):
            save(run, tmp_path / "x.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["file", "variable"])
def test_an_attribute_that_is_netcdfs_own(tmp_path, place):
    run = xr.Dataset({"x": 1.0})
    (run if place == "file" else run["x"]).attrs["NAME"] = "mine"
    with pytest.raises(capdyn.StoreError, match=r"^NetCDF has an attribute 'NAME' of its own\. "):
        save(run, tmp_path / "x.nc")


@pytest.mark.parametrize("value, stored", [
    (np.array([[1, 2], [3, 4]]), [1, 2, 3, 4]),
    (np.array([True, False]), [1, 0]),
    (b"bytes", "bytes"),
    (2**70, str(2**70)),
    (1j, '"1j"'),
    ({}, "{}"),
    (np.float32(0.5), 0.5),
])  # fmt: skip
def test_attributes_of_any_kind(tmp_path, value, stored):
    save(xr.Dataset(attrs={"a": value}), tmp_path / "x.nc")
    found = load(tmp_path / "x.nc").attrs["a"]
    assert (found if isinstance(found, str) else np.asarray(found).tolist()) == stored


class TestResult:
    def test_a_run_is_the_same_with_and_without_labels(self, model, tmp_path):
        from capdyn.run.simulate import trajectories

        opened = model("x = INTEG(-x * rate, 1) ~ Dmnl ~ A stock. |\nrate = 0.1 ~ 1/Month ~~|")
        result, dataset = trajectories(opened), capdyn.simulate(opened)
        result.attrs["created"] = dataset.attrs["created"]
        xr.testing.assert_identical(to_dataset(result), dataset)
        save(result, tmp_path / "a.nc")
        save(dataset, tmp_path / "b.nc")
        assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    def test_a_dataset_is_what_xarray_makes_of_arrays(self):
        run = Result(
            "a",
            {
                "time": Labelled(("time",), np.array([0.0, 1.0]), {"units": "Year"}),
                "Region": Labelled(("Region",), np.array(["Home", "Core"])),
                "member": Labelled(("member",), np.arange(3)),
                "unit": Labelled(("Region",), np.array(["x", "y"])),
            },
            {"x": Labelled(("member", "time", "Region"), np.ones((3, 2, 2)), {"units": "1"})},
            lambda: {"scenario": "a"},
        )
        made = to_dataset(run)
        expected = xr.Dataset(
            {"x": (("member", "time", "Region"), np.ones((3, 2, 2)), {"units": "1"})},
            {
                "time": ("time", [0.0, 1.0], {"units": "Year"}),
                "Region": ["Home", "Core"],
                "member": [0, 1, 2],
                "unit": ("Region", ["x", "y"]),
            },
            {"scenario": "a"},
        )
        xr.testing.assert_identical(made, expected)
        for name in expected.variables:
            assert made[name].dtype == expected[name].dtype
            assert made.indexes.keys() == expected.indexes.keys()
        assert float(made["x"].sel(Region="Core", time=1.0).sum()) == 3.0
        back = plain(made)
        assert back.coords.keys() == run.coords.keys()
        np.testing.assert_array_equal(back.variables["x"].values, run.variables["x"].values)
