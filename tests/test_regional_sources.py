"""Citations of the regional model: the papers have the places that are named, and every work named is in sources.bib.

Whether a section says what is claimed of it only a reader can tell; that there is no such section a test can.
"""

import re

from capdyn.evidence.reading import read_evidence
from equations import REGIONAL

# The headings of 000 have no numbers.
HEADINGS = (
    "The choice of technology framework", "The efficiency issue", "The demand side", "The lumpiness problem",
    "The special case of microcomputers", "Imperfect information", "Aggregate adoption",
    "Innovational complementarities", "The model of the industrial district", "Decentralization",
)  # fmt: skip
PLACES = {
    "000": "Table 1, Table 2, Table 3",
    "001": "s1, s2, s2.1, s2.2, s2.3, s3, s3.1, s3.2, s3.3, s3.4, s4, s4.1, s4.2, s4.3, s5",
    "002": "s1, s2, s2.1, s2.2, s3, s3.1, s3.2, s3.3, s4, s4.1, s4.2, s4.3, s4.4, s5, s5.1, s5.2, s5.3, s6",
    "003": "s1, s2, s3, s4, s5, s6, s7, s7a, s7b, s7c",
    "004": "s1, s2, s3, s4, s4.1, s4.2, s4.3, s5, s6, Table 1, fn 15, fn 17, fn 19, fn 23",
}


def texts() -> dict[str, str]:
    """Comments of the equations, and what the files beside them say, by file."""
    files = [REGIONAL / "model.mdl", REGIONAL / "README.md", *sorted(REGIONAL.rglob("*.toml"))]
    return {str(file.relative_to(REGIONAL)): file.read_text("utf-8") for file in files}


def no_such_place(text: str) -> list[str]:
    """Citations such as (004 s4.3, fn 17) or (003 s5-7b) of places that the paper does not have."""
    cited = [
        (paper, place)
        for paper, places in re.findall(r"\b(00[0-4]),? ((?:s\d|fn \d|Table \d)[^;:()\"\n]*)", text)
        for ends in re.findall(r"(s\d+(?:\.\d+)?[a-z]?|fn \d+|Table \d+)(?:-(\d+(?:\.\d+)?[a-z]?))?", places)
        for place in (ends[0], ends[1] and f"s{ends[1]}")
        if place
    ]
    return [f"{paper} {place}" for paper, place in cited if place not in PLACES[paper].split(", ")]


def not_listed(text: str) -> list[str]:
    """Works by first author and year, such as (Turok 1993; Wei 1996) or Bass (1969), that have no entry."""
    bib = (REGIONAL / "sources.bib").read_text("utf-8")
    listed = {
        (name, when) for name, when in re.findall(r"^@\w+\{([A-Z][a-z]+)\w*(\d{4}),", bib, re.MULTILINE)
    }
    year = r"\b(1[89]\d\d|20\d\d)\b"
    pieces = [piece.strip() for inside in re.findall(r"\(([^()]*)\)", text) for piece in inside.split(";")]
    works = [work.groups() for piece in pieces if (work := re.match(rf"([A-Z][a-z]+)\b.*? {year}", piece))]
    works += re.findall(rf"\b([A-Z][a-z]+)(?: and [A-Z][a-z]+)? \({year}\)", text)
    return sorted({" ".join(work) for work in works if work not in listed})


def test_papers_have_the_places_cited():
    assert {file: wrong for file, text in texts().items() if (wrong := no_such_place(text))} == {}


def test_facts_cite_headings_of_the_paper_without_numbers(regional):
    cited = {
        source.removeprefix("000, ")
        for fact in read_evidence(regional).facts
        for source in fact.source.split("; ")
        if source.startswith("000")
    }
    assert cited and cited <= set(HEADINGS)


def test_works_are_listed():
    assert {file: wrong for file, text in texts().items() if (wrong := not_listed(text))} == {}


def test_wrong_citations_are_seen():
    assert no_such_place("as is known (001 s4.4; 003 s5-7d; 004 s4.3, fn 99)") == [
        "001 s4.4",
        "003 s7d",
        "004 fn 99",
    ]
    assert not_listed("found before (Nobody and Else 1999; Turok 1993), as in Bass (1970)") == [
        "Bass 1970",
        "Nobody 1999",
    ]
