"""`capdyn policy`: what it prints and writes, and what a mistake is told."""

import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from equations import mdl

TEXT = """
    Lever: aid, boost ~ ~ |
    Generation: first, second ~ ~ |
    Lever generation[Lever, Generation] = 1,0; 0,1; ~ ~ |
    Lever intensity[Lever] = 0 ~ Dmnl [0,1] ~ |
    Lever start[Lever] = 0 ~ Year [0,100] ~ |
    Lever stop[Lever] = 100 ~ Year [0,100] ~ |
    Strength = 2 ~ Dmnl [1,3] ~ |
    Public outlay = INTEG(100 * SUM(Lever intensity[Lever!]), 0) ~ Dollar ~ |
    Benefit = INTEG(Strength * Lever intensity[aid] + Lever intensity[boost], 1) ~ Dmnl ~ |
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    (tmp_path / "m.mdl").write_text(mdl(TEXT), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str):
        given = ["--outcome", "Benefit", "--discount", "0", *arguments]
        return CliRunner().invoke(app, ["policy", "m.mdl", *given], prog_name="capdyn")

    return run


def test_table_worlds_and_files(call, tmp_path):
    done = call("--budget", "200", "--draws", "20", "--order", "first,second", "-o", "out")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "Gain at equal outlay (Benefit, final; discounted outlay 200)\n"
        "package            gain  parts  interaction  outlay  intensity\n"
        "first generation      4      4            0    100%        0.5\n"
        "second generation     2      2            0    100%        0.5\n"
        "'first generation' gains 2 more than 'second generation'; 0.0% of that is interaction of its levers.\n"
        "\n"
        "20 worlds, all constants over their whole ranges (seed 0): 20 ran, 0 failed (a run was not finite), 0 without "
        "outlay.\n"
        "'first generation' gains more than 'second generation' in 100.0% of those that ran (95 %: 83.9% to 100.0%), "
        "less in 0.0%.\n"
        "By more than 0.01: more in 100.0%, less in 0.0%, neither in 0.0%.\n"
        "The levers of 'first generation' help one another in 0.0%; of the difference in gain summed over all worlds, "
        "0% is interaction.\n"
        "Written to out/policy.nc and .svg\n"
        "Written to out/worlds.nc and .svg\n"
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "policy.nc",
        "policy.svg",
        "worlds.nc",
        "worlds.svg",
    ]
    assert capdyn.load("out/worlds.nc")["gain"].shape == (20, 2)
    assert capdyn.load("out/policy.nc")["gain"].values.tolist() == pytest.approx([4.0, 2.0])


def test_pairs_and_packages(call, tmp_path):
    assert "aid + boost" in call("--pairs", "-o", "p").stdout
    assert "mine" in call("--package", "mine=aid,boost").stdout
    assert call("--levers", "all").stdout.count("100%") == 2
    (tmp_path / "p.toml").write_text('[package.own]\nlevers = ["boost"]\n')
    assert "own" in call("--packages", "p.toml").stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--levers", "aid", "--package", "a=aid"], "--levers and packages are both given. Give one of them."),
        (["--draws", "2", "--order", "first"], "--order: 'first' is not two generations. Write --order third,second."),
        (["--packages", "none.toml"], "none.toml: The file of packages cannot be read: No such file or directory. Check the file."),
        (["--package", "aid"], "--package: 'aid' is not a name and levers. Write --package mine=network_broker,mediation."),
        (["-s", "none"], None),
    ],
)  # fmt: skip
def test_mistakes(call, arguments, message):
    done = call(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert message is None or done.stderr == f"{message}\n"
