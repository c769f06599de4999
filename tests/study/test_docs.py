"""The tutorials run as they are written."""

import re
import tomllib
import warnings

import pytest

from capdyn import open_model
from capdyn.run.toml_form import read_form
from capdyn.study.form import StudyForm
from capdyn.study.read import read_study
from equations import ROOT, mdl


@pytest.mark.parametrize("page", ["salib.md", "ema_workbench.md"])
def test_a_tutorial(page, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the Workbench's own
        exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out.strip()


def test_the_study_file_of_the_docs(regional, tmp_path):
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    example, lookups, posterior = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    study = read_study(tomllib.loads(example), regional)
    assert len(study.groups) < len(study.inputs) and "Wear" in study.groups
    path = tmp_path / "model.mdl"
    table = "Effect of trust[Region]( (0,0), (1,1) ) ~ ~ |"
    path.write_text(
        mdl(f"Region: Home, Away\n{table}\nLevel = INTEG(Effect of trust[Home](0.5), 0)"), "utf-8"
    )
    targets = [len(own.targets) for own in read_study(tomllib.loads(lookups), open_model(path)).inputs]
    assert targets == [2, 1]
    assert read_form(StudyForm, tomllib.loads(posterior), "a study")[1] == []


@pytest.mark.parametrize("name", ["drivers", "packages", "third_generation"])
def test_the_worked_studies_are_right(name, regional):
    study = read_study(ROOT / "models" / "regional_capability" / "studies" / f"{name}.toml", regional)
    assert len(study.inputs) >= 9 and study.features
