"""Links and their signs: what small models say by their form, and finite differences where they do not."""

import pytest

import capdyn
from capdyn.explain.signs import slopes
from capdyn.explain.structure import beside, structure, times

SIGNED = """
    Gain = 2 ~ ~ |
    Stock = INTEG(Inflow - Outflow, 10) ~ ~ |
    Inflow = Gain * Stock / (1 + Stock) ~ ~ |
    Outflow = Stock / 5 ~ ~ |
    Hump = (Stock - 12)^2 ~ ~ |
    Level = IF THEN ELSE(Stock > 3, 1, 2) ~ ~ |
    Off = 0 ~ ~ |
    Dead = Stock * Off ~ ~ |
    Late = SMOOTH(0 - Stock, 2) ~ ~ |
    Floor = MAX(Stock, 100) ~ ~ |
"""


def links(found) -> dict[tuple[str, str], str]:
    return {(source, target): sign for source, target, sign in found.graph.edges(data="sign")}


def test_signs_of_a_small_model(model):
    assert links(structure(model(SIGNED, final_time=20))) == {
        ("Gain", "Inflow"): "+",
        ("Stock", "Inflow"): "+",
        ("Inflow", "Stock"): "+",
        ("Outflow", "Stock"): "-",
        ("Stock", "Outflow"): "+",
        ("Stock", "Hump"): "-",  # it stays below 12
        ("Stock", "Level"): "?",
        ("Stock", "Dead"): "0",
        ("Off", "Dead"): "+",
        ("Stock", "Late"): "-",
        ("Stock", "Floor"): "0",
    }


def test_a_sign_holds_for_the_states_visited(model):
    """The hump's slope turns at 12; a run that stays below sees one side only."""
    text = "Stock = INTEG(Rate, 10) ~ ~ |\nRate = 1 ~ ~ |\nHump = (Stock - 12)^2 ~ ~ |"
    short, long = (model(text, f"{end}.mdl", final_time=end) for end in (1, 4))
    assert links(structure(short))[("Stock", "Hump")] == "-"
    assert links(structure(long))[("Stock", "Hump")] == "±"


def test_one_region_is_looked_at(model):
    """What rivals offer pushes a region's share down; its own offer pushes it up."""
    text = """
        Region: Home, Core ~ ~ |
        Other: Home, Core ~ ~ |
        Offer[Region] = INTEG(0.1, 2) ~ ~ |
        Rivals[Region] = SUM(Offer[Region!]) - Offer[Region] ~ ~ |
        Share[Region] = Offer[Region] / (Offer[Region] + Rivals[Region]) ~ ~ |
    """
    home, everywhere = structure(model(text)), structure(model(text), at={})
    assert home.at == {"Region": "Home"} and everywhere.at == {}
    assert links(home)[("Offer", "Share")] == "+"
    assert links(home)[("Rivals", "Share")] == "-"
    assert links(home)[("Offer", "Rivals")] == "0"  # Home's own offer is not its rivals'
    assert links(everywhere)[("Offer", "Rivals")] == "+"


def test_slopes_and_strengths_in_closed_form(model):
    """y = w_i x_i^2 summed, and z_i = y / x_i: slopes for a rise of all by one, strengths for a rise by one per cent."""
    text = """
        I: one, two ~ ~ |
        Weight[I] = 1, 3 ~ ~ |
        x[I] = INTEG(0, First[I]) ~ ~ |
        First[I] = 2, 4 ~ ~ |
        y = SUM(Weight[I!] * x[I!]^2) ~ ~ |
        z[I] = y / x[I] ~ ~ |
    """
    found = slopes(model(text), [None], {})
    assert found[("x", "y")].strength == pytest.approx(2.0)  # sum 2 w x x / y
    assert found[("y", "z")].strength == pytest.approx(1.0)
    assert found[("x", "z")].strength == pytest.approx(1.0) and found[("x", "z")].sign == "-"
    one = slopes(model(text), [None], {"I": "one"})
    assert one[("x", "y")].strength == pytest.approx(2 * 1 * 2 * 2 / (4 + 48))


def test_strength_of_a_stock_counts_over_the_run(model):
    text = "Stock = INTEG(Inflow, 10) ~ ~ |\nInflow = 0 * Stock + 1 ~ ~ |"
    found = slopes(model(text, final_time=20), [None], {})
    assert found[("inflow", "#rate of stock")].strength == pytest.approx(20 * 1 / 10)


def test_a_link_elsewhere_is_still_here(model):
    text = """
        Region: Home, Core ~ ~ |
        Lead = INTEG(1, 1) ~ ~ |
        Share[Home] = 2 ~ ~ |
        Share[Core] = 3 * Lead ~ ~ |
    """
    opened = model(text)
    assert links(structure(opened))[("Lead", "Share")] == "0"
    assert links(structure(opened, at={"Region": "Core"}))[("Lead", "Share")] == "+"


@pytest.mark.parametrize("a, b, series, parallel", [
    ("+", "-", "-", "±"), ("-", "-", "+", "-"), ("+", "0", "0", "+"), ("?", "+", "?", "?"), ("±", "-", "±", "±"),
])  # fmt: skip
def test_signs_combine(a, b, series, parallel):
    assert times(a, b) == times(b, a) == series
    assert beside(a, b) == beside(b, a) == parallel


def test_a_run_that_breaks_says_nothing(model):
    """LN of what falls below zero: signs come from the states before."""
    found = structure(model("Stock = INTEG(-3, 10) ~ ~ |\nLog = LN(Stock) ~ ~ |", final_time=9))
    assert links(found)[("Stock", "Log")] == "+"


@pytest.mark.parametrize(
    "at, message",
    [
        ({"Regoin": "Home"}, "'Regoin' is not a subscript range of 'm'. Did you mean 'Region'?"),
        ({"Region": "Hom"}, "'Hom' is not an element of 'Region'. Did you mean 'Home'?"),
    ],
)
def test_mistakes(model, at, message):
    opened = model("Region: Home, Core ~ ~ |\nOffer[Region] = INTEG(0.1, 2) ~ ~ |", "m.mdl")
    with pytest.raises(capdyn.ArgumentError) as error:
        structure(opened, at=at)
    assert str(error.value) == message


def test_sectors_hand_over(tmp_path):
    text = """{UTF-8}
********************************************************
	.Demand
********************************************************~
		What is wanted.
	|
Orders = 3 + 0*Stock ~ ~ |
********************************************************
	.Supply
********************************************************~
		What is made.
	|
Stock = INTEG(Orders - Sales, 1) ~ ~ |
Sales = Stock / 2 ~ ~ |
INITIAL TIME = 0 ~ ~ |
FINAL TIME = 4 ~ ~ |
TIME STEP = 1 ~ ~ |
SAVEPER = 1 ~ ~ |
"""
    (tmp_path / "m.mdl").write_text(text)
    found = structure(capdyn.open_model(tmp_path / "m.mdl"))
    assert found.sectors == ["Demand", "Supply"]
    assert found.flows() == {("Demand", "Supply"): ["Orders"], ("Supply", "Demand"): ["Stock"]}
