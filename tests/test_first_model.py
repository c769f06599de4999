"""docs/first_model.md: what it tells a newcomer to write and to type works."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from capdyn.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "first_model.md"
FILES = (
    "model.mdl",
    "scenarios/advice.toml",
    "scenarios/baseline.toml",
    "studies/lasting.toml",
)  # as they come


def test_every_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(\w*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    texts = [text for language, text in blocks if language in ("vensim", "toml")]
    for name, text in zip(FILES, texts, strict=True):
        assert f"`workshops/{name}`" in PAGE.read_text(encoding="utf-8") or name == "model.mdl"
        path = tmp_path / "workshops" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    said = {}
    lines = [line for language, text in blocks if not language for line in text.splitlines()]
    for line in (line for line in lines if not line.startswith("capdyn watch")):
        done = CliRunner().invoke(app, shlex.split(line)[1:], prog_name="capdyn")
        assert done.exit_code == (1 if "compare" in line else 0), f"{line}: {done.output}"
        said[line.split()[1]] = done.output
    assert said["check"] == "Nothing found.\n"
    assert "Life of skill" in said["study"]
    (program,) = (text for language, text in blocks if language == "python")
    names: dict = {}
    exec(program, names)  # our own page
    assert 0.2 < float(names["run"]["Skill"].sel(time=7)) < 1.0
