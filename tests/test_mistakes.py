"""The mistakes that people make in equations, and what they are told: where, what, and what to do."""

import pytest

import capdyn
from equations import mdl

# name, equations (line 1 of the file is the encoding), message.
MISTAKES = [
    (
        "undefined name",
        "Skilled labour = 3\nx = skilled labor * 2",
        "model.mdl:3:5: 'skilled labor' is not defined. Did you mean 'Skilled labour' (line 2)?",
    ),
    (
        "missing bracket",
        "x = (3 + 2 * (Time - 1)",
        "model.mdl:2:5: The bracket ( is never closed. Add ).",
    ),
    (
        "bracket too many",
        "x = 3 + 2) * Time",
        "model.mdl:2:10: The bracket ) closes nothing. Take it out, or add the bracket that opens.",
    ),
    (
        "too many subscripts",
        "Region: Home, Core\na[Region] = 1\nb = a[Region, Home]",
        "model.mdl:4:5: 'a' has 1 subscript [Region]; here it is used with 2. Write a[Region] or name elements.",
    ),
    (
        "subscripts left out",
        "Region: Home, Core\na[Region] = 1\nb = a",
        "model.mdl:4:5: 'a' has 1 subscript [Region]; here it is used with 0. Write a[Region] or name elements.",
    ),
    (
        "subscript not on the left",
        "Region: Home, Core\na[Region] = 1\nb = a[Region]",
        "model.mdl:4:7: 'Region' is not among the subscripts on the left-hand side (none). Add it there, sum over it with SUM(...[Region!]), or name an element.",
    ),
    (
        "unknown element",
        "Region: Home, Core\na[Region] = 1\nb = a[Hom]",
        "model.mdl:4:7: 'Hom' is no subscript range and no element. Did you mean 'Home'?",
    ),
    (
        "circular definition",
        "a = b + 1\nb = c * 2\nc = a - 3",
        "model.mdl:2:1: Circular definition: 'a' (line 2) -> 'b' (line 3) -> 'c' (line 4) -> 'a' (line 2). Let one of them be a stock (INTEG) or a delayed value.",
    ),
    (
        "defined by itself",
        "a = a + 1",
        "model.mdl:2:1: Circular definition: 'a' (line 2) -> 'a' (line 2). Let one of them be a stock (INTEG) or a delayed value.",
    ),
    (
        "unknown function",
        "x = SQUARE(3)",
        "model.mdl:2:5: 'SQUARE' is no function and no lookup. Did you mean SQRT?",
    ),
    (
        "wrong number of arguments",
        "x = MIN(3)",
        "model.mdl:2:5: MIN takes 2 arguments; here it has 1.",
    ),
    (
        "spreadsheet that is not there",
        "x = GET XLS CONSTANTS('a.xls', 'b', 'c')",
        "model.mdl:2:5: There is no file 'a.xls' (looked for in '.'). Put it there, or correct its name.",
    ),
    (
        "defined twice",
        "x = 1\nx = 2",
        "model.mdl:3:1: 'x' is defined here and in line 2. Take one out, or rename it.",
    ),
    (
        "wrong count of numbers",
        "Region: Home, Core\na[Region] = 1,2,3",
        "model.mdl:3:1: 'a' is given 3 numbers and needs 2 (2). Separate numbers by commas and rows by semicolons.",
    ),
    (
        "element without equation",
        "Region: Home, Core\na[Home] = 1\nb[Region]=a[Region]",
        "model.mdl:4:1: 'a[Core]' is used here and has no equation. Give it one, or use a smaller range here.",
    ),
    (
        "element that another does not have",
        "Region: Home, Core, Rim\nTwo: Home, Core\na[Two] = 1\nb[Region] :EXCEPT: [Home] = a[Region]\nb[Home] = 1",
        "model.mdl:5:1: 'a' is used here at an element that it does not have. Give it one, or use a smaller range here.",
    ),
    (
        "sum over nothing",
        "Region: Home, Core\na[Region] = 1,2\nb=SUM(a[Region])",
        "model.mdl:4:3: SUM in 'b' has no range with '!' to run over. Mark the subscript that is summed over, for example SUM(x[Region!]).",
    ),
    (
        "mark outside a sum",
        "Region: Home, Core\na[Region] = 1,2\nb=a[Region!]",
        "model.mdl:4:5: 'region!' stands outside SUM, PROD, VMIN or VMAX. Remove the '!'.",
    ),
    (
        "lookup without argument",
        "f((0,0),(1,1))\nx = f + 1",
        "model.mdl:3:5: 'f' is a lookup and needs an argument. Write f(x).",
    ),
    (
        "missing operator",
        "a=1\nx = 3 a",
        "model.mdl:3:7: There is no operator between '3' and 'a'. Write an operator such as * or +, or a comma between arguments.",
    ),
    (
        "nothing after the equals sign",
        "x = ",
        "model.mdl:2:3: Nothing follows the '=' of 'x'. Write a number or a formula after it.",
    ),
    (
        "ranges in a circle",
        "A: B\nB: A\nx[A]=1",
        "model.mdl:2:1: Subscript ranges contain one another: A -> B -> A. List the elements in one of them.",
    ),
    (
        "a range with its own name in it",
        "A: a, b\nx[A]=1",
        "model.mdl:2:1: The subscript range 'A' has an element of its own name. "
        "Rename one: capital and small letters are the same.",
    ),
    (
        "missing multiplication sign",
        "a=2\nx = a(3)",
        "model.mdl:3:5: 'a' is no function and no lookup. Put * before the bracket, or define it as a lookup.",
    ),
    (
        "mapping to nothing",
        "A: a1, a2 -> Nowhere\nx[A] = 1",
        "model.mdl:2:1: 'A' is mapped to 'Nowhere', which is no subscript range. Define it, or correct the name.",
    ),
    (
        "mapping of different length",
        "A: a1, a2 -> B\nB: b1, b2, b3\nx[A] = 1",
        "model.mdl:2:1: 'A' has 2 elements and is mapped to 'B', which has 3. List what corresponds to each element: -> (B: element, range of elements, ...)",
    ),
    (
        "different numbers of subscripts",
        "Region: Home, Core\nSize: small, large\nx[Home] = 1\nx[Core,small] = 2",
        "model.mdl:5:1: 'x' has 2 subscripts here and 1 in line 4. Give all its equations the same number, or rename one.",
    ),
    (
        "left side without a range",
        "Region: Home, Core\nSize: small, large\nx[Regoin] = 1",
        "model.mdl:4:3: 'Regoin' is no subscript range and no element. Did you mean 'Region'?",
    ),
    (
        "elements of no common range",
        "Region: Home, Core\nSize: small, large\nx[Home] = 1\nx[small] = 2",
        "model.mdl:4:1: The subscripts of 'x' at place 1 belong to no common range: Home, small. Define a range that holds all of them.",
    ),
    (
        "element of another range",
        "Region: Home, Core\nSize: small, large\nx[Region] = 1\ny = x[small]",
        "model.mdl:5:7: 'small' is not an element that 'x' has. Its elements are Home, Core.",
    ),
    (
        "range larger than the variable",
        "Size: small, medium, large\nFew: small, medium\nx[Few] = 1,2\ny = SUM(x[Size!])",
        "model.mdl:5:11: 'x' has no element 'large' of 'Size'. Use a smaller range.",
    ),
    (
        "element twice",
        "Region: Home, Core\nSize: small, large\nx[Region] = 1\nx[Home] = 2",
        "model.mdl:5:1: 'x[Home]' has two equations, the other in line 4. Remove one, or take the element out with :EXCEPT:.",
    ),
    (
        "lookup lacks an element",
        "Region: Home, Core\nSize: small, large\nf[Home]((0,0),(1,1))\nx[Region] = f[Region](Time)",
        "model.mdl:5:1: A lookup is used here at its element 2, which has no points. Give it one, or use a smaller range here.",
    ),
    (
        "lookup with two arguments",
        "f((0,0),(1,1))\nx = f(Time, 2)",
        "model.mdl:3:5: Lookup 'f' takes one argument.",
    ),
    (
        "delay inside a sum",
        "Region: Home, Core\nSize: small, large\nx[Region] = 1,2\ny = SUM(SMOOTH(x[Region!], 2))",
        "model.mdl:5:9: SMOOTH in 'y': it stands inside a sum; give it a variable of its own and sum that.",
    ),
    (
        "unknown range in a sum",
        "Region: Home, Core\nSize: small, large\nx[Region] = 1,2\ny = SUM(x[Regon!])",
        "model.mdl:5:11: 'Regon' is no subscript range. Did you mean 'Region'?",
    ),
    (
        "unknown subscript",
        "Region: Home, Core\nSize: small, large\nx[Region] = 1,2\ny = x[Hme]",
        "model.mdl:5:7: 'Hme' is no subscript range and no element. Did you mean 'Home'?",
    ),
    (
        "stock without initial value",
        "x = INTEG(1)",
        "model.mdl:2:5: INTEG takes 2 arguments, and has 1. Add or take out arguments.",
    ),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of one's own to work in, so that messages show short file names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "equations, message", [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_mistake_in_an_equation(here, equations, message):
    (here / "model.mdl").write_text(mdl(equations), encoding="utf-8")
    with pytest.raises(capdyn.ModelError) as caught:
        capdyn.open_model("model.mdl")
    assert str(caught.value) == message


def test_all_mistakes_at_once(here):
    (here / "model.mdl").write_text(mdl("x = y\nz = w\nu = v"), encoding="utf-8")
    with pytest.raises(capdyn.ModelError) as caught:
        capdyn.open_model("model.mdl")
    assert [problem.where.line for problem in caught.value.problems] == [2, 3, 4]


CLOCKS = {
    "follows a stock": ({"final_time": "x"}, "'FINAL TIME' depends on what happens in the run, through 'x'."),
    "follows chance": (
        {"saveper": "RANDOM UNIFORM(1, 2, 0)"},
        "'SAVEPER' depends on what happens in the run, through a delay",
    ),
    "begins anywhere": ({"initial_time": "Time"}, "'INITIAL TIME' changes during the run."),
    "with DELAY FIXED": (
        {"time_step": "1 + Time"},
        "'d' uses DELAY FIXED, and TIME STEP changes during the run.",
    ),
    "stops": ({"time_step": "2 - Time"}, "The time step is 0 at time 2. It must be positive."),
    "never ends": (
        {"final_time": "Time + 2"},
        "After 1,000 steps the run is at time 1000, and FINAL TIME is 1002",
    ),
    "is no number": ({"final_time": "1/(1 - Time)"}, "FINAL TIME is inf at time 1."),
    "is undecided": ({"time_step": "1 - STEP(0.5, 2.3)"}, "TIME STEP at time 2 depends on itself"),
}


@pytest.mark.parametrize("controls, what", CLOCKS.values(), ids=CLOCKS)
def test_a_clock_that(here, monkeypatch, controls, what):
    monkeypatch.setattr("capdyn.run.grid._MOST_STEPS", 1000)
    delay = "\nd = DELAY FIXED(1, 1, 0)" if "DELAY" in what else ""
    (here / "model.mdl").write_text(mdl("x = INTEG(1, 0)" + delay, **controls), encoding="utf-8")
    with pytest.raises(capdyn.CapdynError) as caught:
        capdyn.simulate(capdyn.open_model("model.mdl"))
    (problem,) = caught.value.problems
    assert problem.what.startswith(what.partition(". ")[0])
    assert problem.where.line and problem.remedy


def test_no_time_settings(here):
    (here / "model.mdl").write_text("{UTF-8}\nx = 1 ~~|\n", encoding="utf-8")
    with pytest.raises(capdyn.ModelError, match=r"The model has no 'INITIAL TIME'\. Add a line such as"):
        capdyn.open_model("model.mdl")


class TestStepTooLarge:
    """Exponential decay with a step far beyond its time constant overflows in the end."""

    EQUATIONS = "Level = INTEG(-Level*Decay, 1)\nDecay = 50"

    def test_which_variable_and_when(self, model):
        opened = model(self.EQUATIONS, final_time=400)
        with pytest.raises(capdyn.NumericalError) as caught:
            capdyn.simulate(opened, method="euler")
        # 49**182 is 4e307, the largest power of 49 that a double holds; 50 times that is what overflows.
        assert (
            "The run stopped being finite: 'net flow of Level' is -inf at time 182 (method euler, step 1)."
            in str(caught.value)
        )
        assert "Try a smaller step (--step 0.25)" in str(caught.value)

    def test_a_small_step_is_fine(self, model):
        opened = model(self.EQUATIONS, final_time=400, saveper=100)
        assert float(capdyn.simulate(opened, method="euler", step=0.01)["Level"][-1]) == 0.0

    def test_division_by_zero_outside_the_stocks(self, model):
        opened = model("x = 1/(Time - 2)\ny = x*2")
        with pytest.raises(
            capdyn.NumericalError,
            match=r"model\.mdl:2:1: The run stopped being finite: 'x' is inf at time 2 ",
        ):
            capdyn.simulate(opened)

    def test_a_solver_that_gives_up(self, model):
        opened = model("x = INTEG(x*x, 1)")  # reaches infinity at time 1
        with pytest.raises(capdyn.NumericalError, match="gave up at time"):
            capdyn.simulate(opened, method="rk45")


class TestArguments:
    @pytest.mark.parametrize(
        "arguments, message",
        [
            (
                {"method": "rk5"},
                "Method 'rk5' is not known. Choose one of euler, rk2, rk4, lsoda, radau, bdf, dop853, rk45.",
            ),
            ({"step": 0.0}, "The time step is 0. It must be positive."),
            ({"step": -1.0}, "The time step is -1. It must be positive."),
            ({"step": 1e-12}, "A step of 1e-12 makes more than 1,000,000,000 steps. Use a longer step."),
            ({"outputs": ["Levl"]}, "outputs: 'Levl' is not a variable of '{name}'. Did you mean 'Level'?"),
        ],
        ids=["method", "no step", "backwards", "too many steps", "output"],
    )
    def test_message(self, model, arguments, message):
        opened = model("Level = INTEG(1, 0)")
        with pytest.raises(capdyn.ArgumentError) as caught:
            capdyn.simulate(opened, **arguments)
        assert str(caught.value) == message.format(name=opened.name)

    def test_the_end_comes_first(self, model):
        with pytest.raises(capdyn.ArgumentError, match="The run would end at -1, before it begins at 0"):
            capdyn.simulate(model("x = 1", final_time=-1))
