"""The tutorials run as they are written."""

import re
import tomllib
import warnings

import pytest

from capdyn.study.read import read_study
from equations import ROOT


@pytest.mark.parametrize("page", ["salib.md", "ema_workbench.md"])
def test_a_tutorial(page, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the Workbench's own
        exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out.strip()


def test_the_study_file_of_the_docs(regional):
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    study = read_study(tomllib.loads(example), regional)
    assert len(study.groups) < len(study.inputs) and "Wear" in study.groups


@pytest.mark.parametrize("name", ["drivers", "third_generation"])
def test_the_worked_studies_are_right(name, regional):
    study = read_study(ROOT / "models" / "regional_capability" / "studies" / f"{name}.toml", regional)
    assert len(study.inputs) >= 18 and study.features
