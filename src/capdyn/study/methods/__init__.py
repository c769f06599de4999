"""What is computed from the runs of a design: one file a method, arrays in and arrays out, labels nowhere.

`y : ndarray, shape (n_runs, n_outputs)` holds finite numbers only (`capdyn.study.gate` sees to it); an output
that does not vary has no indices, and gets not-a-number. Every method bootstraps blocks of runs, so that its
intervals hold for its design.
"""
