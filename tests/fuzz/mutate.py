"""Broken equation files: the corpus and a few seeds, changed by deterministic chance."""

from __future__ import annotations

import random
import re
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "corpus"

# Words that mean something, and numbers that are often forgotten.
WORDS = (
    *[
        "~",
        "|",
        "=",
        "(",
        ")",
        "[",
        "]",
        ",",
        ";",
        ":",
        "!",
        "{",
        "}",
        '"',
        "'",
        "\\",
        "<",
        ">",
        "+",
        "-",
        "*",
        "/",
        "^",
        "&",
        "%",
        "$",
        "#",
        "@",
        "\t",
        "\n",
        "\r",
        "\x00",
    ],
    *(
        ":EXCEPT:",
        ":AND:",
        ":NOT:",
        ":NA:",
        ":MACRO:",
        ":END OF MACRO:",
        "->",
        "<->",
        "==",
        ":=",
        ":RAW:",
        "****",
    ),
    *(
        "INTEG(",
        "DELAY FIXED(",
        "SMOOTH N(",
        "DELAY N(",
        "SUM(",
        "WITH LOOKUP(",
        "SAMPLE IF TRUE(",
        "INITIAL(",
    ),
    *(
        "GET XLS DATA('/etc/passwd','A','1','B2')",
        "GET DIRECT CONSTANTS('x.csv',',','B2')",
        "(A1-A9)",
        "(A1-A99999999)",
    ),
    *(
        "0",
        "-1",
        "1e308",
        "1e-320",
        "1e999",
        "99999999999999999999",
        "0.1",
        "nan",
        "inf",
        "Time",
        "TIME STEP",
        "R!",
    ),
    *(
        "[[1]]",
        "((0,0),(1,1))",
        "[(0,0)-(1,1)],",
        "__import__('os').system('true')",
        "é",
        "İ",
        "\u2028",
        "\ufeff",
        "𝟙",
        "²",
    ),
    *(
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "&a;",
        "&#0;",
        "<eqn>",
        "</eqn>",
        "<gf>",
        "<non_negative/>",
        "<![CDATA[",
    ),
)
TOKEN = re.compile(rb"[A-Za-z_][\w]*|[0-9.]+|[-+*/^=<>(),\[\]!]")
NUMBERS = (b"0", b"1", b"-1", b"2", b"0.3", b"1e9", b"1e-9", b"1e300", b"-0")
SEEDS = (
    ("mdl", b""),
    ("mdl", b"\xff\xfe\x00"),
    ("mdl", b"{UTF-16}\nx = 1 ~~|"),
    ("mdl", b"x = " + b"(" * 5000 + b"1" + b")" * 5000 + b" ~~|"),
    ("mdl", b"x = 1" + b" + 1" * 5000 + b" ~~|"),
    ("mdl", b"x = " + b"-" * 3000 + b"1 ~~|"),
    ("mdl", b"R: (A1-A10000) ~~|\nx[R] = R ~~|"),
    ("xmile", b"<xmile/>"),
    ("xmile", b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>"),
    ("xmile", b"<a>" * 3000),
)


def inputs(count: int, seed: int = 0, first: int = 0):
    """(number, suffix, bytes) of the inputs from `first` on; the same for the same seed, whoever asks."""
    starts = [(path.suffix[1:], path.read_bytes()) for path in sorted(CORPUS.glob("*/model.*"))]
    for number in range(first, first + count):
        if number < len(SEEDS):
            yield number, *SEEDS[number]
            continue
        chance = random.Random(f"{seed} {number}")
        suffix, data = chance.choice([*starts, *(SEEDS[-4:])] if chance.random() < 0.02 else starts)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            data = _changed(data, starts, chance)
        if chance.random() < 0.01:
            suffix = "xmile" if suffix == "mdl" else "mdl"
        yield number, suffix, data


def _changed(data: bytes, starts: list[tuple[str, bytes]], chance: random.Random) -> bytes:
    """One mutation."""
    tokens = list(TOKEN.finditer(data))
    if tokens and chance.random() < 0.6:
        return _token(data, tokens, chance)
    kind = chance.randrange(9)
    a = chance.randrange(len(data) + 1)
    b = min(len(data), a + chance.choice((1, 1, 2, 5, 20, 200)))
    if kind == 0:  # a word in
        return data[:a] + chance.choice(WORDS).encode("utf-8") + data[a:]
    if kind == 1:  # a piece out
        return data[:a] + data[b:]
    if kind == 2:  # a piece twice
        return data[:b] + data[a:b] * chance.choice((1, 1, 1, 30)) + data[b:]
    if kind == 3:  # a piece elsewhere
        c = chance.randrange(len(data) + 1)
        return data[:c] + data[a:b] + data[c:]
    if kind == 4:  # a byte changed
        return data[:a] + bytes([chance.randrange(256)]) + data[a + 1 :]
    if kind == 5:  # cut off
        return data[:a]
    if kind == 6:  # lines of another model in
        lines = chance.choice(starts)[1].splitlines(keepends=True)
        first = chance.randrange(len(lines))
        return data[:a] + b"".join(lines[first : first + chance.choice((1, 3, 9))]) + data[a:]
    words = data.split(b" ")
    one = chance.randrange(len(words))
    if kind == 7:  # a word for another
        words[one] = chance.choice(WORDS).encode("utf-8")
    else:  # two words exchanged
        other = chance.randrange(len(words))
        words[one], words[other] = words[other], words[one]
    return b" ".join(words)


def _token(data: bytes, tokens: list[re.Match[bytes]], chance: random.Random) -> bytes:
    """One word for another of its kind in the same file: most of these can still be read."""
    one = chance.choice(tokens)
    word = one.group()
    alike = [other.group() for other in tokens if other.group()[:1].isalpha() == word[:1].isalpha()]
    if word[:1].isdigit() or word[:1] == b".":
        alike = list(NUMBERS)
    elif not word[:1].isalpha():
        alike = [b"+", b"-", b"*", b"/", b"^", b"<", b">", b"="] if word in b"+-*/^<>=" else [word, b""]
    return data[: one.start()] + chance.choice(alike) + data[one.end() :]
