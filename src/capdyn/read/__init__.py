"""Equation files -> `capdyn.lang.Model`. PySD's grammar is the parser; nothing else here or elsewhere is PySD's."""

from .files import VENSIM, XMILE, find, is_current, read

__all__ = ["VENSIM", "XMILE", "find", "is_current", "read"]
