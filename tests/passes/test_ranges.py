"""Mappings of subscript ranges, with the elements listed or in order."""

import pytest

import capdyn

# Source of the forms: https://www.vensim.com/documentation/ref_subscript_mapping.html
BASE = "R: r1, r2 {}\nS: s1, s2, s3\nT: t1, t2\nfirst: s1, s3\nrest: s2\n"

# mapping of R, equations, element, value of x
CASES = {
    "in order": ("-> T", "y[R] = 1,2\nx[T] = y[R]", {"T": "t2"}, 2),
    "in another order": ("-> (T: t2, t1)", "y[R] = 1,2\nx[T] = y[R]", {"T": "t2"}, 1),
    "and back": ("-> (T: t2, t1)", "y[T] = 1,2\nx[R] = y[T]", {"R": "r1"}, 2),
    "to ranges of elements": ("-> (S: first, rest)", "y[R] = 1,2\nx[S] = y[R]", {"S": "s3"}, 1),
    "the other of these": ("-> (S: first, rest)", "y[R] = 1,2\nx[S] = y[R]", {"S": "s2"}, 2),
    "to a range and an element": ("-> (S: s2, first)", "y[R] = 1,2\nx[S] = y[R]", {"S": "s3"}, 2),
    "one of several": ("-> T, (S: first, rest)", "y[R] = 1,2\nx[S] = y[R]*10", {"S": "s2"}, 20),
    "a part of the larger range": (
        "-> (S: first, rest)",
        "y[R] = 1,2\nx[first] = y[R]\nx[rest] = 5",
        {"S": "s3"},
        1,
    ),
}


@pytest.mark.parametrize("mapping, equations, where, expected", CASES.values(), ids=CASES)
def test_mapping(model, mapping, equations, where, expected):
    result = capdyn.simulate(model(BASE.format(mapping) + equations))
    assert float(result["x"].sel(where)) == expected


MISTAKES = {
    "-> S": "'R' has 2 elements and is mapped to 'S', which has 3. List what corresponds to each element:",
    "-> (S: s1, s2, s3)": "'R' has 2 elements, and its mapping to 'S' lists 3.",
    "-> (S: s1, t2)": "'t2' in the mapping of 'R' is no element of 'S'. Did you mean 's2'?",
    "-> (T: t1, t1)": "'t1' stands twice in the mapping of 'R' to 'T'.",
    "-> (S: s1, s2)": "The mapping of 'R' to 'S' leaves out 's3'. Add it, or map to a smaller range.",
    "-> (Q: s1, s2)": "'R' is mapped to 'Q', which is no subscript range.",
}


@pytest.mark.parametrize("mapping, message", MISTAKES.items())
def test_mistake(model, mapping, message):
    with pytest.raises(capdyn.ModelError) as caught:
        model(BASE.format(mapping) + "x = 1")
    assert f"model.mdl:2:1: {message}" in str(caught.value)


def test_ranges_of_elements_do_not_go_back(model):
    """Which of s1 and s3 is meant cannot be known."""
    with pytest.raises(capdyn.ModelError, match="'S' is not among the subscripts on the left-hand side"):
        model(BASE.format("-> (S: first, rest)") + "y[S] = 1\nx[R] = y[S]")
