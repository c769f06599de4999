"""What is kept on disk: NetCDF files, tables, and folders of runs that are whole or not there."""

import errno
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import capdyn
from capdyn.run.atomic import swap_folder
from capdyn.run.store import RunFolder, load, load_run, save
from capdyn.run.table import read_table, to_csv


def a_run(scenario: str = "baseline", **variables) -> xr.Dataset:
    """A small run: a stock by region over three times, and a constant."""
    return xr.Dataset(
        {
            "Trust": (
                ("time", "Region"),
                [[0.5, 0.4], [0.1 + 0.2, -0.0], [1e-300, np.nan]],
                {"units": "Dmnl", "long_name": "Trust", "description": "How far", "equation": "Trust = 1"},
            ),
            "Decay": ((), 0.1, {"units": "1/Year", "valid_min": 0.0}),
            **variables,
        },
        {"time": ("time", [0.0, 0.5, 1.0], {"units": "Year"}), "Region": ["Home", "Nachbar ö"]},
        {
            "model": "small",
            "model_hash": "abc",
            "scenario": scenario,
            "scenario_text": '[parameters]\n"Decay" = 0.1\n',
            "method": "rk4",
            "step": 0.5,
            "tolerances": "",
            "versions": "python 3.11.7, capdyn 0.1.0",
        },
    )


def everything_in(folder: Path) -> list[str]:
    """Paths of all files and folders, hidden ones included."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class TestNetCDF:
    def test_comes_back_as_it_was(self, tmp_path):
        save(a_run(), tmp_path / "run.nc")
        loaded = load(tmp_path / "run.nc")
        xr.testing.assert_identical(loaded, a_run())
        assert np.signbit(loaded["Trust"].values[1, 1])  # to the bit: -0 and NaN too

    def test_anyone_can_read_it(self, tmp_path):
        save(a_run(), tmp_path / "run.nc")
        with xr.open_dataset(tmp_path / "run.nc") as opened:
            assert float(opened["Trust"].sel(Region="Home", time=0.5)) == 0.1 + 0.2
            assert opened["Trust"].attrs["units"] == "Dmnl"
            assert opened["Trust"].attrs["description"] == "How far"
            assert opened["time"].attrs["units"] == "Year"

    @pytest.mark.parametrize(
        "name",
        [
            "R/D",
            " Trust",
            "Trust ",
            "\tTrust",
            "@home",
            "a\nb",
            "e\u0301",
            "x" * 300,
            "R&D",
            "1st",
            "Größe [x]",
            "_",
        ],
    )
    def test_every_name_comes_back(self, tmp_path, name):
        run = a_run(**{name: ("time", [1.0, 2.0, 3.0], {"units": "Dmnl", "long_name": name})})
        save(run, tmp_path / "run.nc")
        xr.testing.assert_identical(load(tmp_path / "run.nc"), run)

    def test_a_name_that_netcdf_cannot_hold_is_the_long_name(self, tmp_path):
        run = a_run(**{"R/D": ("time", [1.0, 2.0, 3.0]), "R_D": ("time", [4.0, 5.0, 6.0])})
        save(run, tmp_path / "run.nc")
        with xr.open_dataset(tmp_path / "run.nc") as opened:
            assert opened["R_D_2"].attrs["long_name"] == "R/D"
            np.testing.assert_array_equal(opened["R_D"], [4, 5, 6])
        assert "long_name" not in run["R/D"].attrs  # what is saved is not changed

    def test_a_dimension_that_netcdf_cannot_hold(self, tmp_path):
        run = a_run(Price=(("time", "Kind/size"), np.ones((3, 2)))).assign_coords({"Kind/size": ["a", "b"]})
        save(run, tmp_path / "run.nc")
        with xr.open_dataset(tmp_path / "run.nc") as opened:
            assert list(opened["Kind_size"].values) == ["a", "b"]
        assert load(tmp_path / "run.nc")["Price"].sel({"Kind/size": "b"}).sum() == 3

    def test_a_variable_with_the_name_of_a_dimension(self, tmp_path):
        run = xr.Dataset({"Size": ("time", [1.0, 2.0]), "Price": ("Size", [3.0, 4.0, 5.0])})
        save(run, tmp_path / "run.nc")
        loaded = load(tmp_path / "run.nc")
        np.testing.assert_array_equal(loaded["Size"], [1, 2])
        np.testing.assert_array_equal(loaded["Price"], [3, 4, 5])
        assert loaded["Price"].dims == ("Size",)

    @pytest.mark.parametrize("units", ["days", "hours", "seconds", "days since 2000-01-01"])
    def test_units_of_time_are_only_units(self, tmp_path, units):
        run = a_run(Delay=((), 3.0, {"units": units}))
        run["time"].attrs["units"] = units
        save(run, tmp_path / "run.nc")
        loaded = load(tmp_path / "run.nc")
        assert loaded["Delay"].dtype == loaded["time"].dtype == float
        assert loaded["Delay"].attrs["units"] == loaded["time"].attrs["units"] == units

    def test_the_same_run_gives_the_same_bytes(self, tmp_path):
        big = xr.Dataset({"x": ("k", np.linspace(0, 1, 10_000))})
        for run in (a_run(), big):
            save(run, tmp_path / "a.nc")
            save(run, tmp_path / "b.nc")
            assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    def test_big_variables_are_compressed(self, tmp_path):
        save(xr.Dataset({"x": ("k", np.zeros(100_000))}), tmp_path / "x.nc")
        assert (tmp_path / "x.nc").stat().st_size < 80_000
        assert load(tmp_path / "x.nc")["x"].sizes["k"] == 100_000

    def test_attributes_of_other_kinds(self, tmp_path):
        run = xr.Dataset(
            {"x": 1.0}, attrs={"a": True, "b": None, "c": [0, 1], "d": {"e": 1}, "f": "x" * 100_000}
        )
        save(run, tmp_path / "x.nc")
        attrs = load(tmp_path / "x.nc").attrs
        assert (attrs["a"], attrs["b"], list(attrs["c"]), attrs["d"]) == (1, "", [0, 1], '{"e": 1}')
        assert len(attrs["f"]) == 100_000

    @pytest.mark.parametrize("path, message", [
        ("/proc/run.nc", "'/proc/run.nc' cannot be written: No such file or directory. Choose another place."),
        ("{here}/gone/run.nc", "'{here}/gone/run.nc' cannot be written: No such file or directory. "
         "Choose another place."),
        ("{here}/file/run.nc", "'{here}/file/run.nc' cannot be written: Not a directory. "
         "A file is in the way; choose another name."),
        ("{here}/folder", "'{here}/folder' cannot be written: Is a directory. "
         "A folder is in the way; choose another name."),
    ])  # fmt: skip
    def test_what_cannot_be_written(self, tmp_path, path, message):
        (tmp_path / "file").write_text("here first")
        (tmp_path / "folder").mkdir()
        with pytest.raises(capdyn.StoreError) as caught:
            save(a_run(), path.format(here=tmp_path))
        assert str(caught.value) == message.format(here=tmp_path)
        assert everything_in(tmp_path) == ["file", "folder"]

    def test_what_cannot_be_read(self, tmp_path):
        with pytest.raises(capdyn.StoreError, match=r"^There is no file '.*/gone\.nc'\. Check the path\.$"):
            load(tmp_path / "gone.nc")
        (tmp_path / "text.nc").write_text("no NetCDF")
        with pytest.raises(
            capdyn.StoreError, match=r"^'.*text\.nc' cannot be read as NetCDF: .* Make it again\.$"
        ):
            load(tmp_path / "text.nc")

    def test_a_full_disk_leaves_nothing_behind(self, tmp_path):
        """A process that may write 20 kB tries to write more; the limit stands for the disk."""
        program = (
            "import resource, signal, numpy, xarray, capdyn\n"
            "from capdyn.run.store import RunFolder\n"
            "run = xarray.Dataset({'x': ('k', numpy.random.default_rng(1).random(100_000))})\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))\n"
            "try:\n"
            "    with RunFolder('deep/run') as folder: folder.add(run)\n"
            "except capdyn.StoreError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
        assert done.stderr == ""
        assert done.stdout == (
            "'deep/run/run.nc' cannot be written: File too large. Choose another disk, or keep fewer outputs.\n"
        )
        assert everything_in(tmp_path) == []
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 20_000  # ours is untouched


class TestRunFolder:
    def test_holds_the_runs_and_where_they_come_from(self, tmp_path):
        with RunFolder(
            tmp_path / "runs" / "x", "capdyn run models/small", "models/small/model.mdl"
        ) as folder:
            folder.add(a_run())
            folder.add(a_run("fast track"))
        assert everything_in(tmp_path / "runs") == ["x", "x/baseline.nc", "x/fast_track.nc", "x/run.toml"]
        first, second = load_run(tmp_path / "runs" / "x")
        xr.testing.assert_identical(first, a_run())
        assert second.attrs["scenario"] == "fast track"
        record = tomllib.loads((tmp_path / "runs" / "x" / "run.toml").read_text())
        assert record["command"] == "capdyn run models/small"
        assert record["model"] == {"name": "small", "path": "models/small/model.mdl", "hash": "abc"}
        assert record["versions"] == {"python": "3.11.7", "capdyn": "0.1.0"}
        assert record["scenarios"][1] == {
            "name": "fast track",
            "file": "fast_track.nc",
            "method": "rk4",
            "step": 0.5,
            "text": '[parameters]\n"Decay" = 0.1\n',
        }

    def test_tells_no_user_and_no_host(self, tmp_path, monkeypatch):
        import platform

        monkeypatch.setenv("HOME", "/home/jane")
        monkeypatch.setenv("USER", "jane")
        with RunFolder(tmp_path / "x", "capdyn run /home/jane/m", "/home/jane/m/model.mdl") as folder:
            folder.add(a_run())
        text = (tmp_path / "x" / "run.toml").read_text()
        assert 'command = "capdyn run ~/m"' in text
        assert "jane" not in text
        assert platform.node() not in text

    @pytest.mark.parametrize("scenario, file", [
        ("", "run.nc"), ("..", "run.nc"), ("a/b", "a_b.nc"), ("größe 1.5", "größe_1.5.nc"),
    ])  # fmt: skip
    def test_names_of_files(self, tmp_path, scenario, file):
        with RunFolder(tmp_path / "x") as folder:
            assert folder.add(a_run(scenario)).name == file

    def test_scenarios_of_one_name(self, tmp_path):
        with RunFolder(tmp_path / "x") as folder:
            assert [folder.add(a_run(name)).name for name in ("a", "a", "A")] == ["a.nc", "a_2.nc", "A_3.nc"]
        assert [run.attrs["scenario"] for run in load_run(tmp_path / "x")] == ["a", "a", "A"]

    def test_a_run_is_replaced_as_a_whole(self, tmp_path):
        for scenario in ("old", "new"):
            with RunFolder(tmp_path / "x") as folder:
                folder.add(a_run(scenario))
        assert everything_in(tmp_path) == ["x", "x/new.nc", "x/run.toml"]

    def test_an_empty_folder_is_filled(self, tmp_path):
        (tmp_path / "x").mkdir()
        with RunFolder(tmp_path / "x") as folder:
            folder.add(a_run())
        assert (tmp_path / "x" / "run.toml").is_file()

    def test_a_link_stays_a_link(self, tmp_path):
        (tmp_path / "disk").mkdir()
        (tmp_path / "x").symlink_to(tmp_path / "disk")
        with RunFolder(tmp_path / "x") as folder:
            folder.add(a_run())
        assert (tmp_path / "x").is_symlink()
        assert (tmp_path / "disk" / "run.toml").is_file()

    @pytest.mark.parametrize(
        "error", [KeyboardInterrupt, capdyn.NumericalError("broken"), MemoryError, ValueError]
    )
    def test_what_goes_wrong_leaves_the_old_run_and_nothing_else(self, tmp_path, error):
        with RunFolder(tmp_path / "x") as folder:
            folder.add(a_run("old"))
        for target in ("x", "made/for/this"):
            kind = error if isinstance(error, type) else type(error)
            with pytest.raises(kind), RunFolder(tmp_path / target) as folder:
                folder.add(a_run("new"))
                raise error
        assert everything_in(tmp_path) == ["x", "x/old.nc", "x/run.toml"]

    def test_an_error_of_the_system_inside(self, tmp_path):
        with pytest.raises(capdyn.StoreError) as caught, RunFolder(tmp_path / "x"):
            raise OSError(errno.ENOSPC, "No space left on device")
        expected = "'{}' cannot be written: No space left on device. Free some space, or choose another disk."
        assert str(caught.value) == expected.format(tmp_path / "x")
        assert everything_in(tmp_path) == []

    def test_what_comes_in_the_way_while_it_runs(self, tmp_path):
        with (
            pytest.raises(capdyn.StoreError, match="is not a run of capdyn"),
            RunFolder(tmp_path / "x") as folder,
        ):
            folder.add(a_run())
            (tmp_path / "x").mkdir()
            (tmp_path / "x" / "mine.txt").write_text("mine")
        assert everything_in(tmp_path) == ["x", "x/mine.txt"]

    def test_an_error_of_the_system_at_the_end(self, tmp_path, monkeypatch):
        def refuse(part, target):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("capdyn.run.store.swap_folder", refuse)
        with pytest.raises(capdyn.StoreError) as caught, RunFolder(tmp_path / "x") as folder:
            folder.add(a_run())
        assert (
            str(caught.value)
            == f"'{tmp_path / 'x'}' cannot be written: Permission denied. Choose another place."
        )
        assert everything_in(tmp_path) == []

    def test_the_old_run_comes_back_if_the_new_one_cannot_take_its_place(self, tmp_path):
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "old").touch()
        with pytest.raises(FileNotFoundError):
            swap_folder(tmp_path / "gone", tmp_path / "x")
        assert everything_in(tmp_path) == ["x", "x/old"]

    @pytest.mark.parametrize("target, message", [
        ("notes", "'{here}/notes' is there already and is not a run of capdyn, so it is not replaced. "
         "Choose another folder, or remove it yourself."),
        ("other", "'{here}/other' is there already and is not a run of capdyn, so it is not replaced. "
         "Choose another folder, or remove it yourself."),
        ("file", "'{here}/file' is a file, not a folder. Choose another name for the run."),
        ("file/x", "'{here}/file/x' cannot be written: File exists. A file is in the way; choose another name."),
        ("/proc/x", "'/proc/x' cannot be written: No such file or directory. Choose another place."),
    ])  # fmt: skip
    def test_what_is_in_the_way_stays(self, tmp_path, target, message):
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / "mine.txt").write_text("mine")
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "run.toml").write_text("of = 'another program'")
        (tmp_path / "file").write_text("mine")
        before = everything_in(tmp_path)
        with pytest.raises(capdyn.StoreError) as caught, RunFolder(tmp_path / target):
            raise AssertionError("must not begin")
        assert str(caught.value) == message.format(here=tmp_path)
        assert everything_in(tmp_path) == before

    @pytest.mark.parametrize("name, message", [
        ("gone", "There is no folder '{here}/gone'. Make a run with: capdyn run MODEL -o FOLDER"),
        ("", "'{here}' is not a run: it has no run.toml of capdyn. Make one with: capdyn run MODEL -o FOLDER"),
    ])  # fmt: skip
    def test_what_is_no_run(self, tmp_path, name, message):
        with pytest.raises(capdyn.StoreError) as caught:
            load_run(tmp_path / name)
        assert str(caught.value) == message.format(here=tmp_path)


class TestTable:
    def test_of_one_run(self, tmp_path):
        to_csv(a_run(), tmp_path / "run.csv")
        assert (tmp_path / "run.csv").read_text(encoding="utf-8") == (
            "Time,Trust[Home],Trust[Nachbar ö]\n0,0.5,0.4\n0.5,0.30000000000000004,-0\n1,1e-300,nan\n"
        )

    def test_of_several_runs(self, tmp_path):
        to_csv([a_run("a"), a_run("b", Sales=("time", [1.0, 2.0, 3.0]))], tmp_path / "run.csv")
        lines = (tmp_path / "run.csv").read_text(encoding="utf-8").splitlines()
        assert lines[0] == "scenario,Time,Trust[Home],Trust[Nachbar ö],Sales"
        assert lines[1] == "a,0,0.5,0.4,"
        assert lines[4] == "b,0,0.5,0.4,1"

    def test_of_scenarios_in_one_dataset(self, tmp_path):
        both = xr.concat([a_run("a"), a_run("b")], "scenario").assign_coords(scenario=["a", "b"])
        to_csv(both, tmp_path / "run.csv")
        assert [run.scenario for run in read_table(tmp_path / "run.csv")] == ["a", "b"]

    def test_with_tabs_as_vensim_writes_it(self, tmp_path):
        two = a_run(Sales=(("time", "Region", "Kind"), np.ones((3, 2, 2)))).assign_coords(Kind=["a", "b, c"])
        to_csv(two, tmp_path / "run.tab")
        head = (tmp_path / "run.tab").read_text(encoding="utf-8").splitlines()[0]
        assert head.split("\t")[3:5] == ["Sales[Home,a]", "Sales[Home,b, c]"]

    @pytest.mark.parametrize("name", ["run.csv", "run.tab"])
    def test_numbers_come_back_in_full(self, tmp_path, name):
        to_csv(a_run(), tmp_path / name)
        (columns,) = read_table(tmp_path / name)
        np.testing.assert_array_equal(columns.values["Trust[Home]"], a_run()["Trust"].sel(Region="Home"))

    @pytest.mark.parametrize("text", [
        "Time,x,\"y[a,b]\"\n0,1,2\n1,3,4\n",
        "\ufeffTime (Year)\tx\ty[a,b]\r\n0\t1\t2\r\n1\t3\t4\r\n",
        "time;x;y[a,b]\n0;1;2\n\n1;3;4\n",
        "Time\t0\t1\nx\t1\t3\ny[a,b]\t2\t4\n",
    ], ids=["commas", "Vensim on Windows", "semicolons", "turned over"])  # fmt: skip
    def test_layouts(self, tmp_path, text):
        (tmp_path / "x.csv").write_text(text, encoding="utf-8", newline="")
        (columns,) = read_table(tmp_path / "x.csv")
        np.testing.assert_array_equal(columns.times, [0, 1])
        np.testing.assert_array_equal(columns.values["x"], [1, 3])
        np.testing.assert_array_equal(columns.values["y[a,b]"], [2, 4])

    @pytest.mark.parametrize("text, message", [
        ("Year,x\n0,1\n", "x.csv:1: The table has no column Time. "
         "Its first line should read Time, Name[Element], ... or Time, 0, 1, 2, ..."),
        ("scenario,x\na,1\n", "x.csv:1: The table has no column Time. It should stand first."),
        ("", "x.csv:1: The table has no column Time. "
         "Its first line should read Time, Name[Element], ... or Time, 0, 1, 2, ..."),
        ("Time,x\n0,1\n\n1,high\n", "x.csv:4: 'high' is not a number. Write numbers as 0.5."),
    ])  # fmt: skip
    def test_what_is_no_table(self, tmp_path, text, message):
        (tmp_path / "x.csv").write_text(text)
        with pytest.raises(capdyn.StoreError) as caught:
            read_table(tmp_path / "x.csv")
        assert str(caught.value).replace(f"{tmp_path}/", "") == message

    def test_an_ensemble_does_not_fit(self, tmp_path):
        ensemble = a_run().expand_dims(member=[0, 1])
        with pytest.raises(capdyn.ArgumentError, match="An ensemble does not fit into a table"):
            to_csv(ensemble, tmp_path / "x.csv")
        assert everything_in(tmp_path) == []

    def test_what_cannot_be_written(self, tmp_path):
        with pytest.raises(capdyn.StoreError, match=r"^'/proc/x\.csv' cannot be written: No such"):
            to_csv(a_run(), "/proc/x.csv")
