"""The page in a real browser: no complaint, no request to another host, and it fits a telephone."""

import functools
import json
import os
import re
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from capdyn.report import write_report
from capdyn.report.evidence import write_ablations, write_evidence

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--enable-logging=stderr",
    "--dump-dom",
]
# A page in a frame as wide as a telephone, and the width that the page really takes.
FRAME = """<!DOCTYPE html><link rel="icon" href="data:,"><body><iframe src="report.html" width="390"
height="800" style="border:0"></iframe><script>document.querySelector("iframe").onload = event => {
const page = event.target.contentDocument.documentElement;
document.body.dataset.wide = page.scrollWidth + " of " + page.clientWidth; }</script>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CAPDYN_REQUIRE_BROWSER") != "1", reason="no chromium here"
    ),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def visit(tmp_path):
    """Serve a folder, open its `frame.html`; the document, complaints, and addresses that it asked for."""
    assert CHROMIUM is not None, "CAPDYN_REQUIRE_BROWSER=1, but there is no chromium on the path"

    def open_frame(folder):
        (folder / "frame.html").write_text(FRAME)
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log = tmp_path / "net.json"
        try:
            done = subprocess.run(
                [
                    CHROMIUM,
                    *FLAGS,
                    f"--user-data-dir={tmp_path / 'profile'}",
                    f"--log-net-log={log}",
                    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                    f"http://127.0.0.1:{server.server_port}/frame.html",
                ],
                capture_output=True,
                text=True,
                timeout=60,
            )
        finally:
            server.shutdown()
            server.server_close()
        complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        asked = [url.removeprefix(f"http://127.0.0.1:{server.server_port}/") for url in requests(log)]
        return done.stdout, complaints, asked

    return open_frame


def requests(log):
    """Addresses asked for by a page; what the browser asks for on its own behalf has no origin."""
    record = json.loads(log.read_text())
    start = record["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    events = [event["params"] for event in record["events"] if event["type"] == start and "params" in event]
    return [p["url"] for p in events if p.get("initiator", "not an origin") != "not an origin"]


def test_the_page_loads_without_a_complaint_or_a_request_and_fits_a_telephone(visit, four_runs, tmp_path):
    folder = write_report(four_runs, tmp_path / "report").parent
    document, complaints, asked = visit(folder)
    assert complaints == []
    assert asked == ["report.html"]
    wide, room = map(int, re.search(r'data-wide="(\d+) of (\d+)"', document).groups())
    assert wide <= room


def evidence_page(path):
    """A page with a fact of long words."""
    trace = {
        "label": "without", "run": "cases/a", "time_unit": "Year", "elements": ["Level[Home]"],
        "times": [0, 1], "values": [[0, None]],
    }  # fmt: skip
    fact = {
        "id": "a_fact_with_a_name_that_is_rather_long", "case": "A case", "source": "000, Aggregate adoption",
        "statement": "Something is said.", "mechanism": ["R14 private market take-off after procurement"],
        "measured": "value of " + " + ".join(["Relative_capability[Home,innovation]"] * 5), "unit": "index", "level": 1,
        "times": [0, 1], "expected": "> 1", "found_text": "0.5", "outcome": "fails", "known": "", "reason": "",
        "calibrated": True, "traces": [trace],
    }  # fmt: skip
    write_evidence([fact], "a_model", ["One fact: it fails."], path)


def ablations_page(path):
    """A page with a matrix wider than a telephone."""
    facts = [
        {"id": f"fact_{n}", "case": "A case", "source": "004 s5", "statement": "It is so.", "mechanism": ["R1 funds"],
         "own": ["R1 funds"], "expected": "> 1", "found": 2.0, "moved": [{"without": "R1 funds", "found": None}]}
        for n in range(60)
    ]  # fmt: skip
    effect = {
        "name": "R1 funds", "kind": "loop", "why": "None.", "falls": ["fact_3"], "change": -0.5, "broken": [],
        "at": "Capability[Home,micro,innovation] at 40, third_generation",
    }  # fmt: skip
    found = {
        "ablations": [effect, effect | {"name": "B2", "change": None}],
        "facts": facts,
        "left_out": facts[:1],
    }
    write_ablations(found, "a_model", ["One of sixty falls."], path)


@pytest.mark.parametrize("write", [evidence_page, ablations_page])
def test_pages_of_evidence_do_so_as_well(visit, write, tmp_path):
    folder = tmp_path / "page"
    folder.mkdir()
    write(folder / "report.html")
    document, complaints, asked = visit(folder)
    assert complaints == []
    assert asked == ["report.html"]
    wide, room = map(int, re.search(r'data-wide="(\d+) of (\d+)"', document).groups())
    assert wide <= room


def test_the_check_sees_a_page_that_breaks_the_rules(visit, tmp_path):
    (tmp_path / "report.html").write_text(
        '<p style="width:900px">x<img src="https://example.org/x.png"><script>console.error("oops")</script>'
    )
    document, complaints, asked = visit(tmp_path)
    assert any("oops" in line for line in complaints)
    assert "https://example.org/x.png" in asked
    wide, room = map(int, re.search(r'data-wide="(\d+) of (\d+)"', document).groups())
    assert wide > room
