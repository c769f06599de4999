"""Circles through given variables, and loops that comments name: found, turned round, astray."""

import math

import networkx as nx
import pytest

import capdyn
from capdyn.explain.circles import length, nearest_circle
from capdyn.explain.loops import named_loops, ring
from capdyn.explain.show import write_loop, write_overview
from capdyn.explain.structure import structure

# theory: the loops of the regional model, by code and name
LOOPS = {
    "R1": "funds", "R2": "growth pole", "R3": "suppliers", "R4": "joint action and trust",
    "R5": "spillover complementarity", "R6": "attitude contagion", "R7": "learning to learn", "R8": "upmarket channel",
    "R9": "internal dynamic", "R10": "skill pool", "R11": "low-road trap", "R12": "lock-in trap",
    "R13": "agency credibility", "R14": "private market take-off after procurement", "B1": "gap closing",
    "B2": "obsolescence", "B3": "dissipation of cost savings", "B4": "appropriability", "B5": "congestion and wages",
    "B6": "free riding", "B7": "complacency", "B8": "differentiation conflict", "B9": "single-buyer capture",
    "B10": "agency drift", "B11": "matching incentives", "B12": "rising requirement", "B13": "novelty exhaustion",
    "B14": "large-firm detachment",
}  # fmt: skip


def graph(*links: str) -> nx.DiGraph:
    """From words such as 'a+b' and 'b-c:0.01', the strength behind the colon."""
    found = nx.DiGraph()
    for link in links:
        ends, _, strength = link.partition(":")
        sign = "+" if "+" in ends else "-"
        found.add_edge(*ends.split(sign), sign=sign, strength=float(strength or 1))
    return found


class TestCircles:
    FIGURE_OF_EIGHT = graph("a+b", "b+c", "c+a", "c+d", "d-e", "e+c")

    def test_shortest_of_a_polarity(self):
        two = graph("a+b", "b+a", "b-c", "c+a")
        assert nearest_circle(two, ["a"], "+") == ["a", "b"]
        assert nearest_circle(two, ["a"], "-") == ["a", "b", "c"]

    def test_through_several(self):
        found = graph("a+b", "b+a", "b+c", "c+a", "c+d", "d+a")
        assert nearest_circle(found, ["a", "c"], "+") == ["a", "b", "c"]
        assert nearest_circle(found, ["d", "b"], "+") == ["d", "a", "b", "c"]

    def test_a_walk_that_passes_a_variable_twice_is_no_circle(self):
        assert nearest_circle(self.FIGURE_OF_EIGHT, ["a", "d"], "-") is None
        assert nearest_circle(self.FIGURE_OF_EIGHT, ["a"], "-") is None  # only by way of c twice
        assert nearest_circle(self.FIGURE_OF_EIGHT, ["d"], "-") == ["d", "e", "c"]

    def test_a_way_round_is_found_where_the_shortest_walk_is_none(self):
        """a c d c a is the shortest walk through a and d; the circle is a c d f g h a."""
        found = graph("a+c", "c+d", "d+c", "c+a", "d+f", "f+g", "g+h", "h+a")
        assert nearest_circle(found, ["a", "d"], "+") == ["a", "c", "d", "f", "g", "h"]

    def test_the_stronger_of_two_ways(self):
        found = graph("a+b:0.001", "b+a", "a+c", "c+b", "d+a")
        assert nearest_circle(found, ["a", "b"], "+") == ["a", "c", "b"]

    def test_unsure_signs_are_not_used(self):
        found = graph("a+b", "b+a")
        found.edges["b", "a"]["sign"] = "±"
        assert nearest_circle(found, ["a"], "+") is None

    @pytest.mark.parametrize(
        "strength, long", [(10.0, 1), (0.4, 1), (0.1, 2), (0.01, 3), (0.0, 5), (1e-9, 5)]
    )
    def test_length(self, strength, long):
        assert length(strength) == long


NAMED = """
    Rate = 0.1 ~ ~ R1 growth is not closed by a constant. |
    Stock = INTEG(Inflow - Outflow, 10) ~ ~ Grows (R1 growth), and wears (B1 wear). |
    Inflow = Rate * Stock ~ ~ Closes R1 growth. |
    Outflow = Stock / 20 ~ ~ Closes B1 wear; wrongly named R2 spiral. |
    Outside = 1 + 0 * Time ~ ~ On no circle (B2 outside). |
    Unused = 3 ~ ~ B3 nothing. |
"""


class TestNamedLoops:
    @pytest.fixture
    def found(self, model):
        return structure(model(NAMED, "m.mdl"))

    def test_circles_and_strays(self, found):
        loops = {loop.code: loop for loop in named_loops(found)}
        assert list(loops) == ["R1", "R2", "B1", "B2", "B3"]
        assert loops["R1"].named == ("Stock", "Inflow") and loops["R1"].circles == (("Stock", "Inflow"),)
        assert loops["B1"].circles == (("Stock", "Outflow"),)
        assert loops["R2"].astray == ("Outflow",)  # its circle is balancing
        assert loops["B2"].astray == ("Outside",)
        assert loops["B3"].named == () and not loops["B3"].closed
        assert [code for code, loop in loops.items() if loop.closed] == ["R1", "B1"]

    def test_titles(self, found):
        assert [loop.title for loop in named_loops(found)] == [
            "growth",
            "spiral",
            "wear",
            "outside",
            "nothing",
        ]

    def test_a_shorter_circle_of_the_other_polarity_is_said(self, model):
        text = """
            a = INTEG(b - d, 1) ~ ~ R1 outer. |
            b = c * 0.1 ~ ~ |
            c = a * 2 ~ ~ |
            d = a / 3 ~ ~ |
        """
        (loop,) = named_loops(structure(model(text)))
        assert loop.circles == (("a", "c", "b"),) and loop.shorter == (("a", "d"),)

    def test_one_loop_in_words(self, found):
        (loop,) = named_loops(found, "growth")
        assert write_loop(found, loop) == (
            "R1 growth, reinforcing\n"
            "Named by: Stock, Inflow\n"
            "2 named on one circle of 2 variables\n"
            "\n"
            "  * Stock  --+->\n"
            "  * Inflow  --+->\n"
            "    Stock\n"
        )

    def test_overview(self, found):
        assert write_overview(found, named_loops(found)) == (
            "m: 4 variables that move, 4 links.\n"
            "Signs: 3 rises with it, 1 falls as it rises.\n"
            "\n"
            "Loops named in comments\n"
            "  R1 growth: 2 named on one circle of 2 variables\n"
            "  R2 spiral: NOT CLOSED: on no reinforcing circle: Outflow\n"
            "  B1 wear: 2 named on one circle of 2 variables\n"
            "  B2 outside: NOT CLOSED: on no balancing circle: Outside\n"
            "  B3 nothing: NOT CLOSED: only constants name it\n"
        )

    def test_unknown(self, found):
        with pytest.raises(capdyn.ArgumentError) as error:
            named_loops(found, "R7")
        assert str(error.value) == ("No comment of 'm' names the loop 'R7'. Named are R1, R2, B1, B2, B3.")

    def test_ring(self, found):
        (loop,) = named_loops(found, "B1")
        assert ring(found, loop) == ("B1 wear", [("Stock", True), ("Outflow", True)], [("+", 0), ("-", 0)])


def test_the_loops_of_the_regional_model(regional):
    found = structure(regional, constants=False)
    assert all(math.isfinite(strength) for _, _, strength in found.graph.edges(data="strength"))
    loops = {loop.code: loop for loop in named_loops(found)}
    assert {code: loop.title for code, loop in loops.items()} == LOOPS
    assert {code: loop.astray for code, loop in loops.items() if not loop.closed} == {}
