"""Line and column of every key in a TOML text, which `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib

Path = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'''', re.DOTALL
)
_BARE = re.compile(r"[^,\]}\n#]*")


def places(text: str) -> dict[Path, tuple[int, int]]:
    """Where each key stands, by its path: `[levers.x]` with `stop = 5` gives ('levers', 'x', 'stop').

    Parameters
    ----------
    text : str
        TOML that `tomllib` has accepted; nothing is checked again.

    Returns
    -------
    dict
        Path -> (line, column), counted from 1; tables by their first header or mention.
    """
    return _Scanner(text).found


class _Scanner:
    """Reads the text once; `at` is the place reached."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.found: dict[Path, tuple[int, int]] = {}
        header: Path = ()
        self._blank()
        while self.at < len(text):
            if text[self.at] == "[":
                self.at += 2 if text.startswith("[[", self.at) else 1
                header = self._keys(())
                self.at = text.index("]", self.at) + 1
                self.at += text.startswith("]", self.at)
            else:
                self._pair(header)
            self._blank()

    def _blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _keys(self, above: Path) -> Path:
        """A dotted key; each of its parts is noted."""
        path = above
        while True:
            self._blank()
            match = _KEY.match(self.text, self.at)
            if match is None:
                raise ValueError(f"no key at offset {self.at}")
            raw = match.group()
            part = str(tomllib.loads(f"key = {raw}")["key"]) if raw[0] in "\"'" else raw
            path = (*path, part)
            self.found.setdefault(path, self._line_and_column())
            self.at = match.end()
            self._blank()
            if not self.text.startswith(".", self.at):
                return path
            self.at += 1

    def _line_and_column(self) -> tuple[int, int]:
        before = self.text[: self.at]
        return before.count("\n") + 1, self.at - (before.rfind("\n") + 1) + 1

    def _pair(self, above: Path) -> None:
        path = self._keys(above)
        self.at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        self._blank()
        opening = self.text[self.at]
        if opening in "{[":
            closing = "}" if opening == "{" else "]"
            self.at += 1
            self._blank()
            while not self.text.startswith(closing, self.at):
                if opening == "{":
                    self._pair(path)
                else:
                    self._value(path)
                self._blank()
                self.at += self.text.startswith(",", self.at)
                self._blank()
            self.at += 1
            return
        match = (_STRING if opening in "\"'" else _BARE).match(self.text, self.at)
        self.at = match.end() if match else len(self.text)
