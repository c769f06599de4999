"""From a model as written to a System: ordered equations over numbered places. Standard library and networkx."""

from .build import build
from .system import System

__all__ = ["System", "build"]
