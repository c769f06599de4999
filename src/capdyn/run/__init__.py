"""Open a model folder, apply a scenario, simulate (read `simulate.py` first), label, store."""
