"""Scenario discovery: where in the space something happens, as boxes that people can read.

PRIM peels a box thinner and thinner (Friedman and Fisher 1999; Bryant and Lempert 2010); CART splits the space
(Breiman et al. 1984, by scikit-learn). Everything is in quantiles of the inputs, so that a box's size is its
probability if inputs are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

PEEL = 0.05  # of the box's runs at a time: Friedman and Fisher's patience, and that of the EMA Workbench
LEAST = 20  # runs in a box
SIGNIFICANT = 0.05  # Bryant and Lempert (2010): a restriction that chance explains is taken out


@dataclass(frozen=True)
class Box:
    """A box and what lies in it.

    low, high : ndarray, shape (n_inputs,)  quantiles; 0 and 1 where an input is free.
    coverage : the share of all cases of interest that lie in it. density : the share of its runs that are of
    interest.
    mass : the share of all runs that lie in it. runs : how many.
    p_values : shape (n_inputs,), that of each restriction: that the density without it is no lower;
    not-a-number where free.
    """

    low: np.ndarray
    high: np.ndarray
    coverage: float
    density: float
    mass: float
    runs: int
    p_values: np.ndarray

    @property
    def restricted(self) -> np.ndarray:
        """Which inputs the box restricts, shape (n_inputs,)."""
        return np.asarray((self.low > 0) | (self.high < 1))

    def holds(self, x: np.ndarray) -> np.ndarray:
        """Which runs lie in it. x : shape (n_runs, n_inputs) -> shape (n_runs,)"""
        return np.asarray(((x >= self.low) & (x <= self.high)).all(axis=1))


def prim(x: np.ndarray, of_interest: np.ndarray, peel: float = PEEL, least: int = LEAST) -> list[Box]:
    """The peeling path: boxes from the whole space to the densest, each within the one before.

    Parameters
    ----------
    x : ndarray, shape (n_runs, n_inputs)
        Quantiles of the inputs; discrete ones may repeat.
    of_interest : ndarray of bool, shape (n_runs,)
    peel : float
        The share of the box's runs that goes at a time.
    least : int
        Runs below which no box is peeled.

    Returns
    -------
    list of Box
        The first is the whole space. Empty if nothing is of interest.
    """
    if not of_interest.any():
        return []
    low, high = np.zeros(x.shape[1]), np.ones(x.shape[1])
    path = [_box(x, of_interest, low, high)]
    inside = np.ones(len(x), dtype=bool)
    while inside.sum() > least and path[-1].density < 1:
        best = _best_peel(x[inside], of_interest[inside], peel, least)
        if best is None:
            break
        column, side, bound = best
        (low if side == 0 else high)[column] = bound
        inside &= x[:, column] >= bound if side == 0 else x[:, column] <= bound
        path.append(_box(x, of_interest, low, high))
    return path


def _best_peel(
    x: np.ndarray, of_interest: np.ndarray, peel: float, least: int
) -> tuple[int, int, float] | None:
    """Column, side (0 low, 1 high) and new bound of the peel that leaves the densest box; None if there is none."""
    count = len(x)
    order = np.argsort(x, axis=0, kind="stable")
    ranked = np.take_along_axis(x, order, axis=0)
    hits = np.cumsum(of_interest[order], axis=0)
    total = hits[-1, 0]
    gone = max(int(peel * count), 1)
    best, best_gain = None, 0.0
    for column in range(x.shape[1]):
        values = ranked[:, column]
        # Equal values go together: the first run that stays is the first with another value.
        first = int(np.searchsorted(values, values[gone - 1], side="right"))
        last = int(np.searchsorted(values, values[count - gone], side="left"))
        for side, left, kept_hits in (
            (0, count - first, total - hits[first - 1, column]),
            (1, last, hits[last - 1, column] if last else 0),
        ):
            if left < least:
                continue
            # The rise of density for each run that is lost: a peel of a discrete input takes more at once.
            gain = (kept_hits / left - total / count) / (count - left)
            if gain > best_gain:
                best_gain = gain
                # Half way to the runs that go: no run lies on the edge.
                edge = (
                    (values[first - 1] + values[first]) / 2
                    if side == 0
                    else (values[last - 1] + values[last]) / 2
                )
                best = (column, side, float(edge))
    return best


def _box(x: np.ndarray, of_interest: np.ndarray, low: np.ndarray, high: np.ndarray) -> Box:
    """The box with its numbers."""
    inside = ((x >= low) & (x <= high)).all(axis=1)
    hits, runs = int((inside & of_interest).sum()), int(inside.sum())
    p_values = np.full(len(low), np.nan)
    for column in np.flatnonzero((low > 0) | (high < 1)):
        others = np.delete(np.arange(len(low)), column)
        around = ((x[:, others] >= low[others]) & (x[:, others] <= high[others])).all(axis=1)
        share = of_interest[around].mean()
        p_values[column] = stats.binom.sf(hits - 1, runs, share)
    return Box(
        low.copy(),
        high.copy(),
        hits / max(int(of_interest.sum()), 1),
        hits / max(runs, 1),
        runs / len(x),
        runs,
        p_values,
    )


def choose(path: Sequence[Box], x: np.ndarray, of_interest: np.ndarray) -> Box | None:
    """The box to tell of: the best harmonic mean of coverage and density, without restrictions that chance explains.

    None if the path is empty, or no box is better than the whole space.
    """
    if not path:
        return None

    def score(box: Box) -> float:
        return 2 * box.coverage * box.density / max(box.coverage + box.density, 1e-300)

    best = max(path, key=score)
    while True:
        doubtful = np.flatnonzero(best.p_values > SIGNIFICANT)
        if not len(doubtful):
            break
        worst = doubtful[np.argmax(best.p_values[doubtful])]
        low, high = best.low.copy(), best.high.copy()
        low[worst], high[worst] = 0.0, 1.0
        best = _box(x, of_interest, low, high)
    return best if best.restricted.any() else None


def cleared(x: np.ndarray, bad: np.ndarray) -> Box | None:
    """The largest box on a careful peeling path that holds no bad run; None if there is none."""
    path = prim(x, ~bad, peel=0.01, least=max(LEAST, len(x) // 20))
    return next((box for box in path if box.density == 1.0), None)


@dataclass(frozen=True)
class Tree:
    """Boxes of a classification tree that are mostly of interest, the largest coverage first.

    accuracy : share of runs that the tree calls right when they were left out of its making (cross-validated).
    naive : the same for calling all runs what most of them are.
    """

    boxes: tuple[Box, ...]
    accuracy: float
    naive: float


def cart(x: np.ndarray, of_interest: np.ndarray, depth: int = 4, seed: int = 0) -> Tree | None:
    """A classification tree, of the depth up to `depth` that predicts best when runs are left out.

    None if fewer than `2 * LEAST` runs are of interest or are not.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    hits = int(of_interest.sum())
    if min(hits, len(x) - hits) < 2 * LEAST:
        return None
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    trees = [
        DecisionTreeClassifier(max_depth=d, min_samples_leaf=LEAST, random_state=seed)
        for d in range(1, depth + 1)
    ]
    scores = [float(cross_val_score(tree, x, of_interest, cv=folds).mean()) for tree in trees]
    best = int(np.argmax(scores))
    fitted = trees[best].fit(x, of_interest)
    boxes = [_box(x, of_interest, low, high) for low, high in _leaves(fitted.tree_, x.shape[1])]
    kept = sorted((box for box in boxes if box.density > 0.5), key=lambda box: -box.coverage)
    return Tree(tuple(kept), scores[best], max(hits, len(x) - hits) / len(x))


def _leaves(tree: object, n_inputs: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Low and high ends of each leaf of a tree of scikit-learn."""
    left, right, feature, threshold = (
        getattr(tree, name) for name in ("children_left", "children_right", "feature", "threshold")
    )
    found = []
    stack = [(0, np.zeros(n_inputs), np.ones(n_inputs))]
    while stack:
        node, low, high = stack.pop()
        if left[node] < 0:
            found.append((low, high))
            continue
        below, above = high.copy(), low.copy()
        below[feature[node]] = threshold[node]
        above[feature[node]] = np.nextafter(threshold[node], 1.0)
        stack += [(right[node], above, high), (left[node], low, below)]
    return found
