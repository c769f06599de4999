"""Explain: what hangs on what in a model, in which direction, and in which circles."""
