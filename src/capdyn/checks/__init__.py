"""Findings about a model: what a careful colleague would point out. Begins at `check.py`."""
