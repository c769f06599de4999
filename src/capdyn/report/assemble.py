"""What the pages of runs and of studies share: pictures, templates, and a folder that is filled whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from ..run.notebook import Progress, listener
from .style import to_png, to_svg

PAGE, FIGURES = "report.html", "figures"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Picture:
    """A figure in the page: file name without ending, words, and how to draw it."""

    slug: str
    title: str
    alt: str
    caption: str
    draw: Callable[[], Figure]


@contextmanager
def filled_when_whole(directory: Path) -> Iterator[Path]:
    """A folder to work in. What is in it at the end is moved to `directory`, figures first and the page last; after an
    error nothing is. Files of other names are left alone."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=directory) as name:
        workshop = Path(name)
        (workshop / FIGURES).mkdir()
        yield workshop
        files = [path for path in workshop.rglob("*") if path.is_file()]
        (directory / FIGURES).mkdir(exist_ok=True)
        for path in sorted(files, key=lambda path: (path.name == PAGE, path.parent == workshop, path.name)):
            path.replace(directory / path.relative_to(workshop))


def write_figures(pictures: Sequence[Picture], folder: Path, progress: Progress | None) -> Mapping[str, str]:
    """Each picture as PNG and SVG; the SVG elements by name."""
    svgs: dict[str, str] = {}
    tell = listener(progress)
    for number, picture in enumerate(pictures, start=1):
        figure = picture.draw()
        svg = to_svg(figure, picture.slug, picture.title, picture.alt)
        (folder / f"{picture.slug}.svg").write_text(svg, encoding="utf-8")
        (folder / f"{picture.slug}.png").write_bytes(to_png(figure))
        svgs[picture.slug] = svg
        tell(number, len(pictures), f"figure {picture.slug}")
    return svgs


def render(template: str, context: Mapping[str, Any]) -> str:
    """The text of a page from a file in `templates`; names that are not in the context are errors."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(context)
