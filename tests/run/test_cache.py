"""The cache saves time and changes nothing: not a value, not a message, and it is trusted only where that is safe."""

import dataclasses
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import capdyn
from capdyn.emit import cache
from capdyn.emit.hoisted import hoisted
from capdyn.lang import expressions
from capdyn.lang import model as lang_model
from capdyn.lang.codec import MODELS
from capdyn.lang.expressions import Array, Call, Number, Reference, Table, Text
from capdyn.lang.model import Model
from capdyn.passes import system as system_module
from capdyn.passes.codec import SYSTEMS
from capdyn.passes.hoist import hoist
from capdyn.passes.system import System

EQUATIONS = """
    Late = DELAY FIXED(Trust, 2, 0) + MAX(Patience, 0)
    Patience = SAMPLE IF TRUE(Time > 2, Trust, 0)
    Trust = INTEG(Growth, 0.5) ~ 1 [0,1] ~ How far people trust one another. |
    Growth = Trust * effect(Time) * 0.1 ~ 1/Year ~ |
    effect((0, 1), (2, 3), (4, 2))
"""

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
needs_user = pytest.mark.skipif(
    hasattr(os, "getuid") and os.getuid() == 0, reason="the superuser may write anywhere"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of this test's own."""
    place = tmp_path / "cache"
    monkeypatch.setenv("CAPDYN_CACHE", str(place))
    return place


@pytest.fixture
def file(tmp_path, model, monkeypatch):
    """An equation file that nobody has opened with the test's cache."""
    monkeypatch.setenv("CAPDYN_CACHE", "off")
    path = model(EQUATIONS).path
    monkeypatch.setenv("CAPDYN_CACHE", str(tmp_path / "cache"))
    return path


PARTS = 2  # of a kernel: the programs, and the time loop of a method


@pytest.fixture
def reads(monkeypatch):
    """Counts how often a file is really read."""
    from capdyn.run import cache as models

    counted, read = [], models.read
    monkeypatch.setattr(models, "read", lambda path: counted.append(path) or read(path))
    return counted


@pytest.fixture
def compilations(monkeypatch):
    """Counts how often a kernel is really compiled."""
    from capdyn.emit import kernel

    counted, compile_ = [], kernel._compile
    monkeypatch.setattr(kernel, "_compile", lambda *given: counted.append(1) or compile_(*given))
    return counted


def run(file):
    """What a user does: open and simulate. The date of the run is left out."""
    result = capdyn.simulate(capdyn.open_model(file))
    del result.attrs["created"]
    return result


def entries(folder):
    return sorted(path for path in folder.iterdir())


def test_the_second_start_neither_reads_nor_compiles(folder, file, reads, compilations):
    first, second = run(file), run(file)
    xr.testing.assert_identical(first, second)
    assert len(reads) == 1
    assert len(compilations) == PARTS
    assert {path.suffix for path in entries(folder)} == {".model", ".system", ".kernel"}


def test_a_second_open_gives_equal_values(folder, file, reads):
    first, second = capdyn.open_model(file), capdyn.open_model(file)
    assert len(reads) == 1
    assert first.source == second.source
    assert first.system == second.system
    assert list(first.system.symbols) == list(second.system.symbols)


def test_the_regional_model_comes_back_whole(regional):
    assert MODELS.decode(MODELS.encode(regional.source), Model) == regional.source
    assert SYSTEMS.decode(SYSTEMS.encode(regional.system), System) == regional.system


def test_a_changed_equation_is_seen(folder, file):
    before = run(file)
    file.write_text(file.read_text().replace("0.1", "0.2"))
    assert run(file)["Growth"][0] == 2 * before["Growth"][0]


def test_a_changed_constant_is_seen(folder, model):
    first = capdyn.simulate(model("rate = 0.1\nx = rate * Time"))
    second = capdyn.simulate(model("rate = 0.2\nx = rate * Time"))
    assert (second["x"] == 2 * first["x"]).all()


def test_messages_name_the_file_that_was_opened(folder, file, tmp_path):
    run(file)
    copy = tmp_path / "copy.mdl"
    copy.write_bytes(file.read_bytes())
    opened = capdyn.open_model(copy)
    assert opened.name == "copy"
    assert opened.source.variables["trust"].where.file == str(copy)


def test_a_mistake_is_reported_every_time(folder, file):
    file.write_text(file.read_text().replace("effect(Time)", "affect(Time)"))
    for _ in range(2):
        with pytest.raises(capdyn.ModelError, match="affect"):
            capdyn.open_model(file)


@pytest.mark.parametrize("suffix", [".model", ".system", ".kernel"])
@pytest.mark.parametrize("where", [0, 20, 79, 80, -1], ids=lambda place: f"byte {place}")
def test_a_flipped_byte_is_rebuilt(folder, file, suffix, where, reads, compilations):
    expected = run(file)
    entry = min(folder.glob(f"*{suffix}"))
    whole = entry.read_bytes()
    damaged = bytearray(whole)
    damaged[where] ^= 1
    entry.write_bytes(damaged)
    xr.testing.assert_identical(run(file), expected)
    assert len(reads) == 1 + (suffix == ".model")
    assert len(compilations) == PARTS + (suffix == ".kernel")
    assert entry.read_bytes() == whole


@pytest.mark.parametrize(
    "content", [b"", b"capdyn cache 1\n", b"x" * 200], ids=["empty", "cut off", "foreign"]
)
def test_what_is_no_entry_is_rebuilt(folder, file, content, reads, compilations):
    expected = run(file)
    for entry in entries(folder):
        entry.write_bytes(content)
    xr.testing.assert_identical(run(file), expected)
    assert len(reads) == 2
    assert len(compilations) == 2 * PARTS


def test_an_entry_under_another_name_is_not_trusted(folder):
    cache.put("kernel", "a" * 64, b"code")
    (folder / f"{'a' * 64}.kernel").rename(folder / f"{'b' * 64}.kernel")
    assert cache.get("kernel", "b" * 64) is None


def test_concurrent_writers(folder):
    """Whoever wins, the entry is one of those that were written, whole."""
    contents = [bytes([i]) * 100_000 for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        reading = [pool.submit(cache.get, "model", "key") for _ in range(50)]
        writing = [pool.submit(cache.put, "model", "key", content) for content in contents]
        assert all(f.result() is None for f in writing)
        assert {f.result() for f in reading} <= {None, *contents}
    assert cache.get("model", "key") in contents
    assert [path.name for path in entries(folder)] == ["key.model"]


def test_off(tmp_path, file, monkeypatch, reads, compilations):
    monkeypatch.setenv("CAPDYN_CACHE", "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    run(file), run(file)
    assert cache.folder() is None
    assert len(reads) == 2
    assert len(compilations) == 2 * PARTS
    assert not (tmp_path / "xdg").exists()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="as the XDG specification has it")
@pytest.mark.parametrize("given, expected", [("xdg", "xdg/capdyn"), ("", "home/.cache/capdyn")])
def test_where_it_is_by_default(tmp_path, monkeypatch, given, expected):
    monkeypatch.delenv("CAPDYN_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / given) if given else "")
    assert cache.folder() == tmp_path / expected


@needs_modes
@pytest.mark.parametrize("mode", [0o777, 0o707, 0o770], ids=oct)
def test_a_folder_that_others_may_write_to_is_not_used(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    cache.put("model", "key", b"content")
    assert entries(folder) == []
    folder.chmod(0o700)
    cache.put("model", "key", b"content")
    folder.chmod(mode)
    assert cache.get("model", "key") is None


@needs_modes
def test_a_folder_of_somebody_else_is_not_used(folder, monkeypatch):
    cache.put("model", "key", b"content")
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert cache.folder() is None
    assert cache.get("model", "key") is None


@needs_modes
@needs_user
def test_a_folder_that_is_read_only(folder, file, reads):
    run(file)
    folder.chmod(0o500)
    file.write_text(file.read_text().replace("0.1", "0.2"))
    assert run(file)["Growth"][0] == 0.1
    assert len(reads) == 2
    folder.chmod(0o700)


def test_a_folder_that_cannot_be_written_costs_only_time(folder, file, monkeypatch, reads):
    """The same for everybody, the superuser included."""

    def refuse(*given, **more):
        raise PermissionError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", refuse)
        first = run(file)
    assert entries(folder) == []
    xr.testing.assert_identical(run(file), first)
    assert len(reads) == 2


def test_a_file_in_the_way_of_the_folder(folder, file):
    folder.write_text("not a folder")
    assert run(file)["Growth"][0] == 0.05


def test_the_cache_stays_within_its_bounds(folder, monkeypatch):
    monkeypatch.setattr(cache, "MOST_BYTES", 3000)
    for i in range(5):
        cache.put("model", f"{i}", bytes(1000))
        os.utime(folder / f"{i}.model", (i, i))
    assert [path.name for path in entries(folder)] == ["3.model", "4.model"]


COMPILER = ("pysd", "networkx", "scipy", "capdyn.passes.build", "capdyn.passes.hoist", "capdyn.emit.llvm")
LABELS = ("xarray", "pandas", "dask", "h5py", "h5netcdf")


def imported(code: str, *arguments: str) -> set[str]:
    """Which of the modules that take their time a second process has when it is done with the code."""
    code += f"\nprint(*({{{', '.join(map(repr, (*COMPILER, *LABELS, 'pydantic')))}}} & set(sys.modules)))"
    command = [sys.executable, "-c", f"import sys, capdyn\n{code}", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    return set(found.stdout.splitlines()[-1].split())


def test_a_second_process_imports_no_parser_and_no_compiler(folder, file):
    run(file)
    found = imported("capdyn.simulate(capdyn.open_model(sys.argv[1]))", str(file))
    assert found <= {"xarray", "pandas", "scipy"}


def test_numbers_need_no_labels(folder, file):
    run(file)
    code = """
from capdyn.run.simulate import trajectories
from capdyn.run.summary import end_tables, plain
print(plain(end_tables([trajectories(capdyn.open_model(sys.argv[1]))])[0]))
"""
    assert imported(code, str(file)) == set()


def test_the_first_table_comes_before_anything_slow(folder, file, tmp_path):
    """What is imported when `capdyn run` shows its numbers; the files come after that."""
    run(file)
    code = """
from capdyn.cli import app
class Seen(Exception): pass
class Screen:
    isatty = lambda self: False
    def flush(self): pass
    def write(self, text): raise Seen
sys.stdout, shown = Screen(), sys.stdout
try: app(["run", sys.argv[1], "-o", sys.argv[2]])
except Seen: sys.stdout = shown
"""
    assert imported(code, str(file), str(tmp_path / "out")) == set()


def test_a_scenario_that_was_right_is_not_checked_again(folder, file, tmp_path):
    path = tmp_path / "fast.toml"
    path.write_text('why = "Why not"\n[initial]\nTrust = 1\n[time]\nfinal = 2\nmethod = "RK4"\n')
    code = "print(capdyn.simulate(capdyn.open_model(sys.argv[1]), sys.argv[2]).attrs['scenario_text'])"
    first = capdyn.simulate(capdyn.open_model(file), path)
    assert "pydantic" not in imported(code, str(file), str(path))
    second = capdyn.simulate(capdyn.open_model(file), path)
    assert second.attrs["scenario_text"] == first.attrs["scenario_text"]
    assert second["Trust"][0] == 1.0


def test_a_mistake_in_a_scenario_is_told_every_time(folder, file, tmp_path):
    path = tmp_path / "fast.toml"
    path.write_text("[time]\nfinal = 2\nmethod = 3\n")
    for _ in range(2):
        with pytest.raises(capdyn.ScenarioError, match=r"'method' in \[time\] must be a text"):
            capdyn.simulate(capdyn.open_model(file), path)


def test_only_what_is_looked_at_is_read(folder, file):
    run(file)
    opened = capdyn.open_model(file)
    capdyn.simulate(opened)
    assert "symbols" in vars(opened.system)
    assert not {"constants", "initial", "flows", "outputs"} & set(vars(opened.system))
    component = opened.source.variables["trust"].components[0]
    assert "expression" not in vars(component)
    assert isinstance(component.expression, Call)
    assert component.expression is component.expression  # made once


def test_a_hoisted_system_comes_back_whole(folder, file):
    run(file)
    system = capdyn.open_model(file).system
    found, mark = hoisted(system)
    assert found == hoist(system)
    assert list(found.symbols) == list(hoist(system).symbols)
    assert (found, mark) == hoisted(system)


def test_what_comes_later_is_no_attribute_of_its_own(folder, file):
    run(file)
    with pytest.raises(AttributeError, match="'System' has no attribute 'flow'"):
        capdyn.open_model(file).system.flow  # noqa: B018


def test_what_was_not_looked_at_is_written_as_it_was(folder, file):
    run(file)
    first, second = capdyn.open_model(file).system, capdyn.open_model(file).system
    assert first.flows  # looked at
    fresh = dataclasses.replace(second)
    assert SYSTEMS.encode(first) == SYSTEMS.encode(second) == SYSTEMS.encode(fresh)
    changed = dataclasses.replace(second, flows=())
    assert SYSTEMS.decode(SYSTEMS.encode(changed), System).flows == ()


def test_what_is_nested_too_deeply_is_not_written():
    deep = Number(1.0)
    for _ in range(400):
        deep = Call("-", (deep,))
    with pytest.raises(TypeError, match="too many"):
        MODELS.encode(deep)


def test_what_is_written_can_be_read_far_inside():
    """A field that comes later is read wherever somebody looks at it, however many calls deep."""
    deep = Number(1.0)
    for _ in range(145):
        deep = Call("-", (deep,))
    text = MODELS.encode(deep)

    def inside(calls):
        return inside(calls - 1) if calls else MODELS.decode(text, Call)

    assert inside(300) == deep


VALUES = [
    Number(-0.0),
    Number(math.inf),
    Number(5e-324),
    Number(0.1 + 0.2),
    Reference("x", ("region", "kind!")),
    Table((0.0, 1.0), (2.0, 3.0), "hold"),
    Array((1.0, 2.0), (2,)),
    Text('a "quoted" name\n'),
    Call("+", (Number(1.0), Call("f", (), ("a",)))),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_expressions_come_back_bit_for_bit(value):
    back = MODELS.decode(MODELS.encode(value), type(value))
    assert back == value
    if isinstance(value, Number):
        assert np.float64(back.value).tobytes() == np.float64(value.value).tobytes()


@pytest.mark.parametrize(
    "text",
    [
        '["Number"]',
        '["Number",1,2]',
        '["eval","1"]',
        '["Path","/"]',
        "[]",
        "1",
        '["Reference","x",[""]]',
        '{"Number":1}',
        "[[1],2]",
        "{",
    ],
)
def test_nothing_else_is_made_from_a_text(text):
    with pytest.raises((ValueError, TypeError)):
        MODELS.decode(text, Number)


@pytest.mark.parametrize(
    "codec, modules",
    [(MODELS, (expressions, lang_model)), (SYSTEMS, (system_module,))],
    ids=["Model", "System"],
)
def test_every_type_is_listed(codec, modules):
    """A type that is forgotten would be parsed and compiled anew at each start."""
    made = {
        kind
        for module in modules
        for kind in vars(module).values()
        if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
    }
    assert made <= codec.types


def test_what_is_not_listed_is_not_written():
    with pytest.raises(TypeError, match="complex has no place"):
        MODELS.encode((1j,))
