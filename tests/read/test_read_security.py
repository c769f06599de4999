"""Equation files are data: whatever they hold, nothing in them runs, and no other file is read or written."""

import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capdyn.errors import CapdynError, ModelError
from capdyn.lang.model import Model
from capdyn.read import read

EVIL = "__import__('pathlib').Path('{}').touch()"
PLACES = [
    "x([{}],(0,0),(1,1)) ~~|",
    "x( [ {} ] ,(0,0),(1,1)) ~~|",
    "x = WITH LOOKUP(Time, ([{}],(0,0),(1,1))) ~~|",
    "x = 1 + WITH LOOKUP(Time, ([(0,0)-(1,1)],(0,0),(1,{}))) ~~|",
    "x = WITH LOOKUP(Time, ([(0,0)-({},1)],(0,0),(1,1))) ~~|",
    "x = 1 ~ Dmnl [{}] ~ |",
    "x = 1 ~ Dmnl [0,{}] ~ |",
    "x = f('a' + {}) ~~|",
    "x = f('\\' + {} + \\'') ~~|",
    "x = [{}] ~~|",
    "x = {} ~~|",
    "x = 1,{},2 ~~|",
    "x = TABBED ARRAY({}) ~~|",
    "x(GET XLS LOOKUPS({})) ~~|",
    "{} = 1 ~~|",
    "R: {} ~~|",
]


@pytest.mark.parametrize("place", PLACES)
def test_python_in_a_vensim_file_is_an_error_and_does_not_run(tmp_path, place):
    trace = tmp_path / "trace"
    path = tmp_path / "m.mdl"
    path.write_text(place.format(EVIL.format(trace)))
    with pytest.raises(ModelError, match=r"m\.mdl:1:"):
        read(path)
    assert not trace.exists()


XMILE = """<xmile xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><sim_specs><start>0</start>
<stop>{}</stop><dt>1</dt></sim_specs><model><variables>{}</variables></model></xmile>"""
XMILE_PLACES = [
    XMILE.format("{}", ""),
    XMILE.format("1", "<aux name='x'><eqn>{}</eqn></aux>"),
    XMILE.format("1", "<aux name='x'><eqn>1,{}</eqn></aux>"),
    XMILE.format("1", "<stock name='x'><eqn>1</eqn><inflow>{}</inflow></stock>"),
    XMILE.format("1", "<gf name='x'><xscale min='0' max='{}'/><ypts>1,2</ypts></gf>"),
    XMILE.format("1", "<gf name='x'><xpts>0,1</xpts><ypts>1,{}</ypts></gf>"),
    XMILE.format("1", "<aux name='x'><eqn>1</eqn><range min='{}' max='1'/></aux>"),
]


@pytest.mark.parametrize("text", XMILE_PLACES)
def test_python_in_an_xmile_file_is_an_error_and_does_not_run(tmp_path, text):
    trace = tmp_path / "trace"
    path = tmp_path / "m.xmile"
    path.write_text(text.replace("'{}'", '"{}"').replace("{}", EVIL.format(trace)))
    with pytest.raises(ModelError, match=r"m\.xmile:\d"):
        read(path)
    assert not trace.exists()


BOMB = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 30))
ENTITIES = {
    "a file": '<!DOCTYPE xmile [<!ENTITY e SYSTEM "file://{secret}">]>',
    "the network": '<!DOCTYPE xmile [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>',
    "a parameter entity": '<!DOCTYPE xmile [<!ENTITY % p SYSTEM "file://{secret}"> %p;]>',
    "a document type elsewhere": '<!DOCTYPE xmile SYSTEM "file://{secret}">',
    "a billion laughs": f'<!DOCTYPE xmile [<!ENTITY e0 "ha">{BOMB}<!ENTITY e "&e29;">]>',
}


@pytest.mark.parametrize("kind", ENTITIES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-7"])
def test_entities_are_refused(tmp_path, kind, encoding):
    secret = tmp_path / "secret"
    secret.write_text("12345")
    path = tmp_path / "m.xmile"
    text = ENTITIES[kind].replace("{secret}", str(secret)) + XMILE.format(
        "&e;", "<aux name='x'><eqn>&e;</eqn></aux>"
    )
    if encoding == "utf-7":  # which hides the < from a plain search
        text = text.encode("ascii").decode().replace("<", "+ADw-").replace(">", "+AD4-")
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?>\n' + text)
    with pytest.raises(CapdynError) as caught:
        read(path)
    assert "12345" not in str(caught.value)


def test_pysd_never_evaluates_anything(tmp_path, monkeypatch):
    from pysd.translators.vensim import vensim_element
    from pysd.translators.xmile import xmile_element

    def forbidden(text):
        raise AssertionError(f"eval of {text!r}")

    monkeypatch.setattr(vensim_element, "eval", forbidden, raising=False)
    monkeypatch.setattr(xmile_element, "eval", forbidden, raising=False)
    path = tmp_path / "m.mdl"
    (tmp_path / "a.csv").write_text("0,1\n2,3\n")
    path.write_text(
        "R: A, B ~~|\ns[R] :EXCEPT: [A] = INTEG(-s[R]*0.5, 1e3) ~ Dmnl [0,1] ~|\ns[A] == 5 ~~|\n"
        "t([(0,0)-(1,1)],(0,0),(1,1)) ~~|\nu = TABBED ARRAY(1 2) ~~|\n"
        "x = -2.5^2 + MAX(1, f('a', :NA:)) * WITH LOOKUP(3, ([(0,0)-(1,1)],(0,1))) - PI() ~~|\n"
        "y(GET DIRECT LOOKUPS('a.csv', ',', '1', 'A2')) ~~|\nz = 1,2;3,4; ~~|\nw = -5 ~~|"
    )
    assert isinstance(read(path), Model)
    path = tmp_path / "m.xmile"
    path.write_text(
        XMILE.format(
            "1e1",
            "<aux name='x'><eqn>-2.5^2 + MAX(1, 3) - INIT(4)</eqn></aux><aux name='y'><eqn>1,2,3</eqn></aux>",
        )
    )
    assert isinstance(read(path), Model)


def test_importing_the_package_is_cheap():
    """Neither PySD nor what it brings is imported before a file is read."""
    script = "import sys, capdyn.read; print([m for m in ('pysd', 'numpy', 'lxml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


pieces = st.sampled_from(
    [
        *"=~|()[]{}\"'+-*/^<>,;:!\\. \n\t\r",
        "a",
        "b 2",
        "3",
        "1e5",
        ":AND:",
        ":NOT:",
        ":NA:",
        "INTEG(",
        "WITH LOOKUP(",
        "R: A, B ~~|\n",
        " ~~|\n",
        "x = ",
        "y[A] = ",
        "((0,1),(1,2))",
        ":EXCEPT:",
        "****",
        ":MACRO:",
        "\\\\\\---///",
        "SUM(a[R!])",
        "TABBED ARRAY(",
        "é",
        "𝛼",
        "\x7f",
        "<->",
        "->",
        "==",
        "IF ",
        " THEN ",
        " ELSE ",
        " MOD ",
        " AND ",
    ]
)
fuzz = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@fuzz
@given(st.lists(pieces, max_size=30).map("".join))
def test_any_text_is_a_model_or_an_error_of_ours(tmp_path, text):
    path = tmp_path / "m.mdl"
    path.write_text(text, newline="")
    try:
        assert isinstance(read(path), Model)
    except CapdynError as error:
        assert all(problem.what for problem in error.problems)


@fuzz
@given(st.lists(pieces, max_size=15).map("".join), st.sampled_from(["aux", "stock", "flow"]))
def test_any_xmile_equation_is_a_model_or_an_error_of_ours(tmp_path, text, tag):
    path = tmp_path / "m.xmile"
    text = (
        "".join(c for c in text if c.isprintable() or c in "\n\t").replace("&", "&amp;").replace("<", "&lt;")
    )
    path.write_text(XMILE.format("1", f"<{tag} name='x'><eqn>{text}</eqn></{tag}>"), newline="")
    try:
        assert isinstance(read(path), Model)
    except CapdynError as error:
        assert all(problem.what for problem in error.problems)


@pytest.mark.parametrize(
    "text",
    [
        'x = "' + "\\" * 50_000 + " ~~|",
        "****" + " " * 50_000 + "x",
        "x = " + "1" * 50_000 + "a ~~|",
        "x([(" + "1" * 50_000 + ")],(0,0)) ~~|",
        "R: (A" + "1" * 20_000 + "-A2) ~~|",
        "x" + " y" * 20_000 + " & = 1 ~~|",
        "x[" + "a, " * 20_000 + "= 1 ~~|",
        "x = 1 ~ [" + "1" * 50_000 + " ~ |",
    ],
    ids=["backslashes", "heading", "digits", "limits", "range", "words", "subscripts", "units"],
)
def test_hostile_text_ends_soon(tmp_path, text):
    path = tmp_path / "m.mdl"
    path.write_text(text)
    began = time.process_time()
    with pytest.raises(ModelError):
        read(path)
    assert time.process_time() - began < 5  # a pattern that goes back and forth would take hours
