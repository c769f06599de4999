"""Equation files -> `capdyn.lang.Model`. PySD's grammar is the parser; nothing else here or elsewhere is PySD's."""

from .files import find, is_current, read

__all__ = ["find", "is_current", "read"]
