"""The command line: what each command prints and leaves behind, and what a mistake is told."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app, parse_settings
from capdyn.run.summary import Table, end_tables, plain, show
from conftest import REGIONAL, mdl

EQUATIONS = """
    Region: Home, Core ~ ~ |
    Decay[Region] = 0.1, 0.2 ~ 1/Year [0,1] ~ How fast trust is lost. |
    Trust[Region] = INTEG(-Decay[Region] * Trust[Region], 1) ~ Dmnl ~ How far firms rely on one another. |
    Lost trust = 2 - SUM(Trust[Region!]) ~ Dmnl ~ |
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working directory with a model in `small`, which has two scenarios."""
    scenarios = tmp_path / "small" / "scenarios"
    scenarios.mkdir(parents=True)
    (tmp_path / "small" / "model.mdl").write_text(mdl(EQUATIONS, time_step="0.5"), encoding="utf-8")
    (scenarios / "baseline.toml").write_text('why = "As it is."\n')
    (scenarios / "fast.toml").write_text('inherits = "baseline"\n[parameters]\n"Decay[Home]" = 1\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str):
    """Runs a command in this process."""
    return CliRunner().invoke(app, list(arguments), prog_name="capdyn")


def process(*arguments: str, **options) -> subprocess.CompletedProcess:
    """Runs a command in a process of its own."""
    command = [sys.executable, "-c", "from capdyn.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


NOISE = "Level = INTEG(RANDOM NORMAL(-10, 10, 0, 1, 0), 0)"


def stored_noise(out: str, *arguments: str) -> bytes:
    """The numbers that `capdyn run` has stored for a model with noise."""
    done = call("run", "noise.mdl", "-o", out, *arguments)
    assert done.exit_code == 0, done.output
    (run,) = capdyn.load_run(out)
    return run["Level"].values.tobytes()


def test_the_seed_makes_the_numbers(folder):
    Path("noise.mdl").write_text(mdl(NOISE))
    first = stored_noise("a", "--seed", "7")
    assert stored_noise("b", "--seed", "7") == first
    assert stored_noise("c", "--seed", "8") != first
    zero = stored_noise("d", "--seed", "0")
    assert zero == stored_noise("e") and zero != first
    (run,) = capdyn.load_run("d")
    assert run.attrs["seed"] == 0


@pytest.mark.parametrize("seed", ["-1", "9007199254740992", "x"])
def test_a_seed_that_is_none(folder, seed):
    Path("noise.mdl").write_text(mdl(NOISE))
    done = call("run", "noise.mdl", "--seed", seed)
    assert done.exit_code == 2 and not Path("runs").exists()


def test_crossings(folder):
    Path("tank.mdl").write_text(mdl("Tank = INTEG(IF THEN ELSE(Tank > 2, -1, 1), 1)"))
    refused = call("run", "tank.mdl", "--method", "lsoda", "--crossings", "refuse")
    assert refused.exit_code == 2 and "tank.mdl:2:" in refused.stderr and "locate" in refused.stderr
    slides = call("run", "tank.mdl", "--method", "lsoda")
    assert slides.exit_code == 2 and "slides along a threshold" in slides.stderr and not Path("runs").exists()
    assert call("run", "tank.mdl", "--method", "rk4", "--crossings", "refuse").exit_code == 0


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class TestRun:
    def test_prints_the_end_and_writes_a_folder(self, folder):
        done = call("run", "small", "-s", "baseline", "-s", "fast")
        assert done.exit_code == 0, done.output
        assert done.stdout == (
            "At the end (4)\n"
            "             unit  baseline      fast\n"
            "Trust[Home]  Dmnl    0.6634  0.003906\n"
            "Trust[Core]  Dmnl    0.4305    0.4305\n"
            "Written to runs/small\n"
        )
        assert done.stderr == ""
        assert everything_in(folder / "runs") == [
            "small", "small/baseline.nc", "small/fast.nc", "small/run.toml",
        ]  # fmt: skip
        assert [run.attrs["scenario"] for run in capdyn.load_run("runs/small")] == ["baseline", "fast"]
        assert 'path = "small/model.mdl"' in Path("runs/small/run.toml").read_text()

    def test_baseline_if_there_is_one(self, folder):
        assert "baseline" in call("run", "small").stdout
        (folder / "small" / "scenarios" / "baseline.toml").unlink()
        assert call("run", "small").exit_code == 0
        assert [run.attrs["scenario"] for run in capdyn.load_run("runs/small")] == ["model"]

    def test_settings_method_step_and_folder(self, folder):
        done = call("run", "small/model.mdl", "--set", "decay[home] = 0.5", "--set", "TIME STEP=0.25",
                    "--method", "rk4", "--step", "0.125", "-o", "runs/mine/x")  # fmt: skip
        assert done.exit_code == 0, done.output
        (run,) = capdyn.load_run("runs/mine/x")
        assert (run.attrs["method"], run.attrs["step"]) == ("rk4", 0.125)
        assert list(run["Decay"].values) == [0.5, 0.2]

    def test_table(self, folder):
        assert call("run", "small", "-s", "fast", "--csv", "x.csv").exit_code == 0
        head = Path("x.csv").read_text().splitlines()[0]
        assert head == "Time,Trust[Home],Trust[Core],Lost trust"

    def test_report(self, folder):
        done = call("run", "small", "-s", "baseline", "-s", "fast", "--report")
        assert done.exit_code == 0, done.output
        assert done.stdout.endswith("Written to runs/small; report: runs/small/report.html\n")
        assert Path("runs/small/report.html").is_file()

    def test_many_scenarios_in_blocks(self, folder):
        for number in range(8):
            (folder / "small" / "scenarios" / f"s{number}.toml").write_text("")
        done = call("run", "small", *(a for n in range(8) for a in ("-s", f"s{n}")))
        assert done.stdout.count("At the end") == 2

    def test_the_regional_model(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        done = call("run", str(REGIONAL))
        assert done.exit_code == 0, done.output
        rows = [line.split("  ")[0] for line in done.stdout.splitlines()[2:-1]]
        assert rows == [
            "Relative capability, investment (Home)",
            "Relative capability, production (Home)",
            "Relative capability, innovation (Home)",
            "Employment (Home)",
            "Exports' share of sales (Home)",
            "Public outlay (Home)",
        ]
        assert "n/a" not in done.stdout

    @pytest.mark.parametrize("arguments, message", [
        (["small", "-s", "fst"], "There is no scenario 'fst'. Did you mean 'fast'?"),
        (["small", "--set", "Decy=1"], "parameters: 'Decy' is not in the model. Did you mean 'Decay'?"),
        (["small", "--set", "Decay[Hme]=1"], "parameters: 'Hme' is not an element of 'Region', "
         "by which 'Decay' is subscripted. Did you mean 'Home'?"),
        (["small", "--set", "Decay=2"], "parameters: 'Decay[Home]' is 2, outside its range 0 to 1. "
         "Give a value within it, or change the range in small/model.mdl:3:1."),
        (["small", "--set", "Decay"], "--set: 'Decay' is not a name and a number. Write --set 'Name[Element]=0.5'."),
        (["small", "--set", "Decay=x"],
         "--set: 'Decay=x' is not a name and a number. Write --set 'Name[Element]=0.5'."),
        (["small", "--method", "rk5"],
         "Method 'rk5' is not known. Choose one of euler, rk2, rk4, lsoda, radau, bdf, dop853, rk45."),
        (["small", "--step", "-1"], "The time step is -1. It must be positive."),
        (["small", "-o", "small"], "'small' is there already and is not a run of capdyn, so it is not replaced. "
         "Choose another folder, or remove it yourself."),
        (["small", "-o", "small/model.mdl"],
         "'small/model.mdl' is a file, not a folder. Choose another name for the run."),
        (["small", "-o", "/proc/x"], "'/proc/x' cannot be written: No such file or directory. Choose another place."),
        (["small", "--csv", "/proc/x.csv"],
         "'/proc/x.csv' cannot be written: No such file or directory. Choose another place."),
        (["gone"], "There is no file 'gone'. Check the path."),
    ])  # fmt: skip
    def test_a_mistake_is_one_message_and_leaves_nothing(self, folder, arguments, message):
        before = everything_in(folder)
        done = call("run", *arguments)
        assert done.stderr == f"{message}\n"
        assert done.stdout == ""
        assert done.exit_code == 2
        assert everything_in(folder) == before

    def test_a_mistake_in_a_scenario_has_its_line(self, folder):
        path = folder / "small" / "scenarios" / "fast.toml"
        path.write_text('inherits = "baseline"\n[parameters]\n"Decay[Home]" = 7\nxyz = 1\n')
        assert call("run", "small", "-s", "baseline", "-s", "fast").stderr == (
            "small/scenarios/fast.toml:3:1: 'Decay[Home]' is 7, outside its range 0 to 1. "
            "Give a value within it, or change the range in small/model.mdl:3:1.\n"
            "small/scenarios/fast.toml:4:1: 'xyz' is not in the model. `capdyn info` lists all names.\n"
        )
        assert not (folder / "runs").exists()

    def test_interrupted(self, folder, monkeypatch):
        import capdyn.run.simulate

        def interrupt(*arguments, **settings):
            raise KeyboardInterrupt

        call("run", "small", "-o", "runs/old")
        before = everything_in(folder)
        monkeypatch.setattr(capdyn.run.simulate, "trajectories", interrupt)
        for target in ("runs/old", "deep/new"):
            done = call("run", "small", "-o", target)
            assert (done.exit_code, done.stderr) == (130, "Interrupted; nothing was written.\n")
        assert everything_in(folder) == before


class TestReport:
    def test_prints_the_page(self, folder):
        call("run", "small", "-s", "fast", "-o", "a")
        call("run", "small", "-o", "b")
        done = call("report", "a", "b")
        assert (done.exit_code, done.stdout) == (0, "a/report.html\n"), done.output
        assert "fast" in Path("a/report.html").read_text(encoding="utf-8")
        assert call("report", "a", "-o", "pages", "--title", "Two ways").stdout == "pages/report.html\n"
        assert "Two ways" in Path("pages/report.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize("arguments, message", [
        (["gone"], "There is no folder 'gone'. Make a run with: capdyn run MODEL -o FOLDER"),
        (["small"], "'small' is not a run: it has no run.toml of capdyn. Make one with: capdyn run MODEL -o FOLDER"),
    ])  # fmt: skip
    def test_mistakes(self, folder, arguments, message):
        done = call("report", *arguments)
        assert (done.exit_code, done.stderr) == (2, f"{message}\n")

    def test_what_cannot_be_written(self, folder):
        call("run", "small", "-o", "a")
        before = everything_in(folder)
        done = call("report", "a", "-o", "/proc/x")
        assert done.exit_code == 2
        assert done.stderr.startswith("'/proc/x' cannot be written: ")
        assert everything_in(folder) == before


class TestCompare:
    def test_equal(self, folder):
        call("run", "small", "-o", "a", "--csv", "a.csv")
        call("run", "small", "-o", "b")
        for other in ("b", "a.csv", "b/baseline.nc"):
            done = call("compare", "a", other)
            assert done.exit_code == 0
            assert "0 of " in done.stdout

    def test_a_model_is_run(self, folder):
        call("run", "small", "-o", "a", "--csv", "a.csv")
        for model in ("small", "small/model.mdl"):
            assert "0 of " in call("compare", model, "a.csv").stdout
            assert call("compare", "a", model).exit_code == 0

    def test_different(self, folder):
        call("run", "small", "-o", "a")
        call("run", "small", "-o", "b", "--set", "Decay[Core]=0.3")
        done = call("compare", "a", "b")
        assert done.exit_code == 1
        assert done.stdout == (
            "Worst differences\n"
            "scenario  variable     time       first       second  relative\n"
            "baseline  Trust[Core]     4  0.43046721  0.272490525      0.37\n"
            "baseline  Decay[Core]               0.2          0.3      0.33\n"
            "baseline  Lost trust    0.5        0.15          0.2      0.25\n"
            "3 of 7 variables differ by more than 1e-06.\n"
        )
        assert call("compare", "a", "b", "--rtol", "0.5").exit_code == 0

    def test_what_only_one_side_has(self, folder):
        call("run", "small", "-o", "a", "--csv", "a.csv")
        Path("b.csv").write_text("Time,Lost trust,Sales\n0,0,1\n")
        done = call("compare", "a", "b.csv")
        assert done.stdout == (
            "0 of 1 variables differ by more than 1e-06.\nOnly in a: Trust (1).\nOnly in b.csv: Sales (1).\n"
        )

    @pytest.mark.parametrize("arguments, message", [
        (["gone", "small"], "There is no 'gone'. Give a run's folder, a NetCDF file, a table or a model."),
        (["small", "gone"], "There is no 'gone'. Give a run's folder, a NetCDF file, a table or a model."),
        (["small/scenarios", "small"],
         "'small/scenarios' is not a run: it has no run.toml of capdyn. Make one with: capdyn run MODEL -o FOLDER"),
    ])  # fmt: skip
    def test_mistakes(self, folder, arguments, message):
        done = call("compare", *arguments)
        assert (done.exit_code, done.stderr) == (2, f"{message}\n")


class TestInfo:
    def test_of_a_model(self, folder):
        done = call("info", "small")
        assert done.exit_code == 0
        for expected in (
            "7 variables: 4 constants, 1 derived constant, 1 stock, 1 auxiliary.",
            "Runs from 0 to 4, step 0.5, saved every TIME STEP, method euler.",
            "  baseline: As it is.\n  fast\n",
            "  Region: Home, Core\n",
            "Stocks\n  Trust[Region] (Dmnl)\n",
            "  Decay[Region] (1/Year), from 0 to 1, constant\n      Decay[Region] = 0.1, 0.2\n",
        ):
            assert expected in done.stdout

    def test_of_a_variable(self, folder):
        assert call("info", "small", "--variable", "trust").stdout == (
            "Trust[Region] (Dmnl), stock\n"
            "How far firms rely on one another.\n"
            "\n"
            "Trust[Region] = INTEG(-Decay[Region] * Trust[Region], 1)\n"
            "\n"
            "Uses: Decay, Trust\n"
            "Used by: Trust, Lost trust\n"
            "Line 4\n"
        )

    def test_as_json(self, folder):
        about = json.loads(call("info", "small", "--json").stdout)
        assert about["ranges"] == {"Region": ["Home", "Core"]}
        assert about["scenarios"][0] == {"name": "baseline", "why": "As it is."}
        trust = json.loads(call("info", "small", "--variable", "Trust", "--json").stdout)
        assert trust in about["variables"]
        assert (trust["kind"], trust["units"], trust["range"]) == ("stock", "Dmnl", [None, None])

    def test_of_the_regional_model(self):
        done = call("info", str(REGIONAL))
        assert done.exit_code == 0
        for expected in ("network_broker", "Capability[Region,Size,Capability kind]", "third_generation:"):
            assert expected in done.stdout

    def test_unknown_variable(self, folder):
        done = call("info", "small", "--variable", "trst")
        assert (done.exit_code, done.stderr) == (
            2,
            "'trst' is not a variable of 'small'. Did you mean 'Trust'?\n",
        )


class TestProcess:
    """What only a process of its own shows."""

    def test_help_imports_nothing_slow(self):
        program = (
            "import sys; from capdyn.cli import app\n"
            "try: app(['run', '--help'], prog_name='capdyn')\n"
            "except SystemExit: pass\n"
            "print([m for m in ('numpy', 'xarray', 'pysd', 'llvmlite', 'matplotlib', 'pydantic') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "Example: capdyn run" in done.stdout
        assert done.stdout.endswith("[]\n"), done.stdout[-200:]

    @pytest.mark.parametrize("command", ["run", "report", "compare", "info"])
    def test_every_command_has_an_example(self, command):
        assert f"Example: capdyn {command} " in call(command, "--help").stdout

    def test_version(self):
        done = process("--version")
        assert done.returncode == 0
        assert done.stdout.startswith("capdyn")

    @pytest.mark.parametrize(
        "arguments", [["rnu"], ["run"], ["run", "x", "--nosuch"], ["run", "x", "--step", "a"]]
    )
    def test_wrong_usage(self, arguments):
        done = process(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "Usage: capdyn" in done.stderr

    def test_a_mistake_is_no_traceback(self, folder):
        done = process("run", "small", "-s", "fst")
        assert done.returncode == 2
        assert done.stderr == "There is no scenario 'fst'. Did you mean 'fast'?\n"

    def test_nobody_reads_on(self, folder):
        command = [sys.executable, "-c", "from capdyn.cli import main; main()", "info", str(REGIONAL)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stdout and running.stderr
            running.stdout.close()  # as `| head` does
            assert running.stderr.read() == ""
        assert running.returncode == 141

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
    def test_a_full_disk_for_the_output(self, folder):
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-c", "from capdyn.cli import main; main()", "info", "small"]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (2, "The system says: No space left on device.\n")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
    def test_a_run_is_kept_though_nobody_can_read_of_it(self, folder):
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-c", "from capdyn.cli import main; main()", "run", "small", "-o", "x"]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (2, "The system says: No space left on device.\n")
        assert (folder / "x" / "baseline.nc").is_file()


class TestPieces:
    @pytest.mark.parametrize("settings, expected", [
        ([], {}),
        (["a=1"], {"a": 1.0}),
        (["Trust[Home] = 0.5", "a b=-1e3"], {"Trust[Home]": 0.5, "a b": -1000.0}),
        (["a=1", "a=2"], {"a": 2.0}),
        (['"x=y"=2'], {'"x=y"': 2.0}),
    ])  # fmt: skip
    def test_settings(self, settings, expected):
        assert parse_settings(settings) == expected

    @pytest.mark.parametrize("setting", ["", "=1", "a", "a=", "a=b", "a=1,5"])
    def test_settings_that_are_none(self, setting):
        with pytest.raises(capdyn.ArgumentError, match="is not a name and a number"):
            parse_settings([setting])

    def test_a_table_for_a_screen(self):
        class Screen(io.StringIO):
            def isatty(self) -> bool:
                return True

        screen = Screen()
        table = Table("Title", ("", "x"), (("Trust[Home]", "1"),))
        show(table, screen)
        assert "Trust[Home]" in screen.getvalue()  # brackets are no markup
        assert plain(table) == "Title\n             x\nTrust[Home]  1\n"

    def test_a_model_without_stocks(self, model):
        run = capdyn.simulate(model("a = Time\nb = 2 * a"))
        (table,) = end_tables([run])
        assert table.rows == (("a", "", "4"), ("b", "", "8"))

    def test_scenarios_that_end_at_different_times(self, model):
        opened = model("a = Time")
        runs = [capdyn.simulate(opened, {"time": {"final": end}}) for end in (2, 3)]
        (table,) = end_tables(runs)
        assert table.title == "At the end (2 and 3)"
        assert table.rows == (("a", "", "2", "3"),)


def test_a_copy_of_the_model_elsewhere(tmp_path, monkeypatch):
    """Nothing depends on where the model lies or what its folder is called."""
    shutil.copytree(REGIONAL, tmp_path / "my region (2)")
    monkeypatch.chdir(tmp_path)
    assert call("run", "my region (2)").exit_code == 0
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["my region (2)"]
