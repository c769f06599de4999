"""Each statistic, comparison and relation of facts, with numbers worked out by hand."""

import numpy as np
import pytest

from capdyn.evidence.statistics import COMPARISONS, RELATIONS, STATISTICS, Query, compare, measure

NAN, NEVER = float("nan"), float("inf")
# At 0, 1, 2, 3, 4: up by 2 a year, a year at rest, down.
T = np.array([0.0, 1, 2, 3, 4])
HILL = [1.0, 3, 5, 5, 2]
FALL = [8.0, 4, 2, 1, 0.5]


@pytest.mark.parametrize(
    ("statistic", "query", "x", "expected"),
    [
        ("value", Query((2,)), HILL, 5),
        ("value", Query((0.5,)), HILL, 2),  # half way from 1 to 3
        ("change", Query((0, 2)), HILL, 4),
        ("change", Query((1, 4)), HILL, -1),
        ("ratio", Query((0, 1)), HILL, 3),
        ("ratio", Query((0, 1)), [0, 1, 2, 3, 4], NAN),
        ("growth", Query((0, 3)), FALL, -np.log(2)),  # halves each year
        ("growth", Query((0, 1)), [1, -1, 0, 0, 0], NAN),
        ("slope", Query((0, 2)), HILL, 2),
        ("slope", Query((2, 4)), HILL, -1.5),  # (-1, 0, 1) . (5, 5, 2) / 2
        ("slope", Query((0.5, 1.5)), HILL, 2),
        ("mean", Query((0, 2)), HILL, 3),
        ("mean", Query(), HILL, 3.625),  # trapezia 2 + 4 + 5 + 3.5 over 4
        ("mean", Query((0.5, 1.5)), HILL, 3),
        ("maximum", Query(), HILL, 5),
        ("maximum", Query((0, 1.5)), HILL, 4),  # the end between two save times counts
        ("minimum", Query((1, 4)), HILL, 2),
        ("range", Query(), HILL, 4),
        ("range", Query((2, 3)), HILL, 0),
        ("time of maximum", Query(), HILL, 2),  # the first of equals
        ("time of minimum", Query((1, 4)), HILL, 4),
        ("time of rise", Query(level=4), HILL, 1.5),
        ("time of rise", Query(level=1), HILL, 0),  # there from the beginning
        ("time of rise", Query(level=6), HILL, NEVER),
        ("time of rise", Query((2, 4), level=4), HILL, 2),
        ("time of rise", Query(fraction=0.5), HILL, 0.25),  # half way from 1 to 2
        ("time of rise", Query(fraction=0.5), FALL, NEVER),  # it falls
        ("time of fall", Query(level=3), FALL, 1.5),
        ("time of fall", Query(level=0), FALL, NEVER),
        ("time of fall", Query(fraction=0.8), FALL, 1 + 2 / 2),  # 8 - .8 * 7.5 = 2
        ("time of fall", Query(level=3), HILL, 0),
        ("time above", Query(level=4), HILL, (0.5 + 1 + 1 / 3) / 4),
        ("time above", Query((2, 3), level=5), HILL, 1),  # at the level is above
        ("time above", Query((2, 3), level=6), HILL, 0),
        ("time above", Query((0, 2), fraction=0.5), HILL, 0.5),
    ],
)
def test_one_element(statistic, query, x, expected):
    found = measure(STATISTICS[statistic], T, np.array([x], dtype=float), query)
    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("statistic", "query", "x", "expected"),
    [
        ("order of rises", Query(level=2), [[0, 4, 4, 4, 4], [0, 0, 0, 4, 4], [0, 1, 2, 3, 4]], -0.5),
        ("order of rises", Query(level=2), [[0, 4, 4, 4, 4], [0, 0, 0, 4, 4]], 2),
        ("order of rises", Query(level=2), [[0, 4, 4, 4, 4], [0, 0, 0, 0, 0]], NEVER),
        ("order of rises", Query(level=2), [[0, 0, 0, 0, 0], [0, 4, 4, 4, 4]], -NEVER),
        ("order of rises", Query(level=2), [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]], NAN),
        ("order of rises", Query(fraction=0.5), [[0, 8, 8, 8, 8], [0, 1, 2, 3, 4]], 1.5),
        ("order of falls", Query(level=1), [[2, 0, 0, 0, 0], [2, 2, 2, 0, 0]], 2),
        ("correlation", Query((1,)), [[0, 1, 0, 0, 0], [0, 2, 0, 0, 0], [0, 4, 0, 0, 0]], 3 / np.sqrt(2 * 14 / 3)),
        ("correlation", Query((1,), against=(1, 2, 4)), [[0, 1, 0, 0, 0], [0, 2, 0, 0, 0], [0, 4, 0, 0, 0]], 1),
        ("correlation", Query((0,)), [[0.1, 1, 0, 0, 0], [0.1, 2, 0, 0, 0], [0.1, 4, 0, 0, 0]], NAN),
        ("rank correlation", Query((1,)), [[0, 1, 0, 0, 0], [0, 2, 0, 0, 0], [0, 40, 0, 0, 0]], 1),
        ("rank correlation", Query((1,), against=(3, 2, 9)), [[0, 9, 0, 0, 0], [0, 5, 0, 0, 0], [0, 1, 0, 0, 0]], -0.5),
    ],
)  # fmt: skip
def test_several_elements(statistic, query, x, expected):
    found = measure(STATISTICS[statistic], T, np.array(x, dtype=float), query)
    assert found == pytest.approx(expected, nan_ok=True)


def test_every_statistic_is_tested():
    tested = {
        case.args[0] if hasattr(case, "args") else case[0]
        for test in (test_one_element, test_several_elements)
        for case in test.pytestmark[0].args[1]
    }
    assert tested == set(STATISTICS)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_numbers_that_are_none_and_times_outside_tell_nothing(statistic):
    row = STATISTICS[statistic]
    times = (0.0, 4.0)[: max(row.times)]
    broken = np.array([[1, 2, np.nan, 4, 5], [1, 2, 3, 4, 5]])
    assert np.isnan(measure(row, T, broken, Query(times, level=2)))
    outside = (0.0, 5.0) if len(times) == 2 else (5.0,)
    assert np.isnan(measure(row, T, np.array([HILL, FALL]), Query(outside, level=2)))


def test_the_end_of_a_run_may_be_off_by_rounding():
    t = np.array([0.0, np.nextafter(1.0, 0.0)])
    assert measure(STATISTICS["value"], t, np.array([[1.0, 3.0]]), Query((1.0,))) == 3
    assert np.isnan(measure(STATISTICS["value"], t, np.array([[1.0, 3.0]]), Query((1.001,))))


@pytest.mark.parametrize(
    ("comparison", "numbers", "against", "expected"),
    [
        ("difference", [5, 2], (), 3),
        ("difference", [NEVER, 2], (), NEVER),
        ("difference", [NEVER, NEVER], (), NAN),
        ("ratio", [5, 2], (), 2.5),
        ("ratio", [5, 0], (), NAN),
        ("difference of differences", [9, 4, 3, 1], (), 3),
        ("smallest step", [1, 3, 4], (), 1),
        ("smallest step", [1, 4, 3], (), -1),
        ("minimum", [3, 1, 2], (), 1),
        ("maximum", [3, 1, 2], (), 3),
        ("correlation", [1, 2, 4], (2, 4, 8), 1),
        ("rank correlation", [1, 20, 3], (), 0.5),
        ("minimum", [1, NAN], (), NAN),
    ],
)
def test_comparisons(comparison, numbers, against, expected):
    assert compare(COMPARISONS[comparison], numbers, against) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("relation", "found", "bounds", "tolerance", "holds", "text"),
    [
        ("<", 0.9, (1.0,), 0.0, True, "< 1"),
        ("<", 1.0, (1.0,), 0.0, False, "< 1"),
        ("<", 1.05, (1.0,), 0.1, True, "< 1 + 0.1"),
        (">", 1.0, (1.0,), 0.0, False, "> 1"),
        (">", 0.95, (1.0,), 0.1, True, "> 1 − 0.1"),
        (">", 0.85, (1.0,), 0.1, False, "> 1 − 0.1"),
        (">", NEVER, (1.0,), 0.0, True, "> 1"),
        ("within", 1.1, (1.0,), 0.2, True, "1 ± 0.2"),
        ("within", 0.7, (1.0,), 0.2, False, "1 ± 0.2"),
        ("between", 1.0, (1.0, 2.0), 0.0, True, "1 to 2"),
        ("between", 2.2, (1.0, 2.0), 0.1, False, "1 to 2 ± 0.1"),
        *((relation, NAN, (1.0, 2.0), 9.0, False, None) for relation in RELATIONS),
    ],
)
def test_relations(relation, found, bounds, tolerance, holds, text):
    row = RELATIONS[relation]
    assert row.holds(found, bounds, tolerance) is holds
    assert text is None or row.write(bounds, tolerance) == text
