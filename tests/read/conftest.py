"""Text in, Model out."""

from __future__ import annotations

import pytest

from capdyn.errors import CapdynError
from capdyn.lang.expressions import Expression
from capdyn.lang.model import Model
from capdyn.read import read


@pytest.fixture
def mdl(tmp_path):
    """The Model of the text of a Vensim file called m.mdl."""

    def reading(text: str | bytes) -> Model:
        path = tmp_path / "m.mdl"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)

    return reading


@pytest.fixture
def right(mdl):
    """The expression of `x = text`."""

    def reading(text: str) -> Expression:
        return mdl(f"x = {text} ~ ~ |").variables["x"].components[0].expression

    return reading


@pytest.fixture
def wrong(mdl, tmp_path):
    """The message that a text gives, folder left out."""

    def reading(text: str | bytes) -> str:
        with pytest.raises(CapdynError) as caught:
            mdl(text)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return reading
