"""Equation files -> `capdyn.lang.Model`. PySD's grammar is the parser; nothing else here or elsewhere is PySD's."""

from .files import find, read

__all__ = ["find", "read"]
