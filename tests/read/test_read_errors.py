"""A mistake in, a place, a reason and a way out."""

import pytest

MISTAKES = {
    # brackets
    "x = (1 + 2 ~~|": ("1:5", "The bracket ( is never closed. Add )."),
    "x = 1 + 2) ~~|": ("1:10", "The bracket ) closes nothing."),
    "x = MAX(a[b, 2) ~~|": ("1:10", "The bracket [ is not closed before this )."),
    "x = a b[2 ~~|": ("1:8", "The bracket [ is never closed."),
    "y = 1 ~~|\nx = a +\n  MAX(1, 2 ~~|": ("3:6", "The bracket ( is never closed."),
    # operators and operands
    "x = 2 a ~~|": ("1:7", "There is no operator between '2' and 'a'."),
    "x = a (2) (3) ~~|": ("1:11", "There is no operator between ')' and '('."),
    "x = 2 (a) ~~|": ("1:7", "There is no operator between '2' and '('."),
    'x = a "b" ~~|': ("1:7", "There is no operator between 'a' and '\"b\"'."),
    "x = a * / b ~~|": ("1:9", "There is no name, number or bracket after '*' and before '/'."),
    "x = * b ~~|": ("1:5", "There is no name, number or bracket at the beginning and before '*'."),
    "x = 5 + ~~|": ("1:7", "The equation ends after '+'."),
    "x = () ~~|": ("1:6", "There is no name, number or bracket after '(' and before ')'."),
    "x = MAX(1,,2) ~~|": ("1:11", "There is no argument after ',' and before ','."),
    "x = MAX(1,) ~~|": ("1:11", "There is no argument after ',' and before ')'."),
    "x = MAX(f(a) g(b)) ~~|": ("1:14", "There is no operator between ')' and 'g'."),
    "x = a, b ~~|": ("1:6", "A ',' is only for arguments, subscripts and lists of numbers."),
    "x = a < b < c ~~|": ("1:11", "The equation cannot be understood from here on."),
    "x = a + :NOT: b ~~|": ("1:7", "The equation cannot be understood from here on."),
    "x = a[b + 1] ~~|": ("1:9", "There is no operator between 'b' and '+'."),
    "x = a[] ~~|": ("1:7", "A subscript is missing."),
    "x = 'a' ~~|": ("1:5", "A text in ' can only be an argument of a function."),
    # words
    "x = a & b ~~|": ("1:7", "The character '&' has no meaning here. Write :AND:"),
    "x = a − b ~~|": ("1:7", "The character '−' has no meaning here. Write -,"),
    "x = a ? b ~~|": ("1:7", "The character '?' has no meaning here. Take it out"),
    "x = a :XOR: b ~~|": ("1:7", "Nothing is known by this name between colons."),
    'x = a + "b ~~|': ("1:9", 'A quotation mark " is not closed on its line.'),
    "x = 1 {no end ~~|": ("1:7", "A comment in curly brackets is not closed."),
    "x = f('a) ~~|": ("1:7", "A text in ' is not closed."),
    "x = 2a ~~|": ("1:5", "'2a' is neither a number nor a name."),
    "x = 1_000 ~~|": ("1:5", "'1_000' is neither a number nor a name."),
    "x = 1.2.3 ~~|": ("1:5", "'1.2.3' is neither a number nor a name."),
    "x = 0x10 ~~|": ("1:5", "'0x10' is neither a number nor a name."),
    "x = 1e ~~|": ("1:5", "'1e' is neither a number nor a name."),
    "x = ٣ ~~|": ("1:5", "The character '٣' has no meaning here."),
    "x = 1e999 ~~|": ("1:5", "The number 1e999 is too large."),
    # numbers
    "x = 1,2;3; ~~|": ("1:10", "This row has 1 numbers, the first has 2."),
    "x = 1,,2 ~~|": ("1:7", "A number is missing in a list of numbers"),
    "x = 1,2 3 ~~|": ("1:7", "A number is missing in a list of numbers"),
    "x = TABBED ARRAY(1 2\n3) ~~|": ("1:5", "The rows of the TABBED ARRAY are empty or differ in length."),
    "x = TABBED ARRAY(1 a) ~~|": ("1:18", "A TABBED ARRAY can only hold numbers."),
    # functions and tables
    "x = INTEG(a) ~~|": ("1:5", "INTEG takes 2 arguments, and has 1."),
    "x = INTEG(a, b, 1) ~~|": ("1:5", "INTEG takes 2 arguments, and has 3."),
    "x = 1 + SMOOTH3(f(a, b)) ~~|": ("1:9", "SMOOTH3 takes 2 arguments, and has 1."),
    "x = GAME() ~~|": ("1:5", "GAME takes 1 argument, and has 0."),
    "x = A FUNCTION OF(a, b) ~~|": ("1:4", "'x' has no equation yet."),
    "x = WITH LOOKUP(a) ~~|": ("1:5", "WITH LOOKUP has no table."),
    "x = WITH LOOKUP(a, b) ~~|": ("1:20", "This table has 'b' where ( should be."),
    "x = WITH LOOKUP(a, ((1,2),(3))) ~~|": ("1:29", "This table has ')' where , should be."),
    "x = WITH LOOKUP(a, ((1,b))) ~~|": ("1:24", "This table has 'b' where number should be."),
    "x = WITH LOOKUP(a, ((1,2)), 3) ~~|": ("1:27", "Something follows the table of WITH LOOKUP."),
    "x = MAX([(0,0)-(1,1)], a) ~~|": (
        "1:9",
        "There is no name, number or bracket after '(' and before '[(0,0)-(1,1)],'.",
    ),
    "x((1,2),(3,4)) + 1 ~~|": ("1:16", "Something follows the table of 'x'."),
    "x(1,2,3) ~~|": ("1:3", "This table lists 3 numbers, which are not as many x as y. They read: x1, x2"),
    "x(1,2,3,(4,5)) ~~|": ("1:9", "This table has '(' where number should be."),
    "x() ~~|": ("1:3", "This table has ')' where ( should be."),
    # left-hand sides and definitions
    "x = ~~|": ("1:3", "Nothing follows the '=' of 'x'."),
    "x = {later} ~~|": ("1:3", "Nothing follows the '=' of 'x'."),
    "x 5 ~~|": ("1:1", "There is no equals sign in this definition."),
    "= 5 ~~|": ("1:1", "There is no name before the equals sign."),
    "R&D = 5 ~~|": ("1:2", "The name on the left has '&' in it."),
    "x :INTERPOLATE:= GET DIRECT DATA('a.csv', ',', 'A', 'B1') ~~|": (
        "1:16",
        "Something follows the ':INTERPOLATE:' of 'x' that is no series. Write := before it",
    ),
    "1st = 5 ~~|": ("1:1", "A name on the left begins with a digit."),
    "x[a!] = 5 ~~|": ("1:2", "The subscripts on the left are not a list of names in brackets."),
    "x[] = 5 ~~|": ("1:2", "The subscripts on the left are not a list of names in brackets."),
    "x = 5 |": ("1:1", "In the definition of 'x', two ~ are missing before the |."),
    "x = 5 ~ Year |": ("1:1", "In the definition of 'x', a ~ is missing before the |."),
    "x = 5 ~ Year ~ no end\n": ("1:1", "The last definition has no end. Close it with |."),
    "x = 5 ~ Year ~ no end\ny = 6 ~ |": ("1:16", "The definition of 'x' runs into the next one."),
    "x = 5 ~ Year ~ no end\ny = 6 ~ Year ~ |": ("1:16", "The definition of 'x' runs into the next one."),
    "~ Year ~ |": ("1:1", "A definition is empty."),
    "just some text": ("1:1", "The last definition has no end."),
    "****\n.Group\n****": ("1:1", "A group heading has no end."),
    # macros
    ":MACRO: M(a)\nM = a ~~|\nx = 1 ~~|": ("1:1", "A macro has no end. Write :END OF MACRO:"),
    ":MACRO: M\nM = 1 ~~|\n:END OF MACRO:\nx = 1 ~~|": ("1:1", "A macro has no list of inputs."),
    ":MACRO: M(a b c, 1)\nM = 1 ~~|\n:END OF MACRO:": (
        "1:1",
        "The first line of this macro is not a name with a list",
    ),
    ":MACRO: M(a, A)\nM = a ~~|\n:END OF MACRO:": (
        "1:1",
        "'a' stands twice in the first line of the macro 'M'.",
    ),
    ":MACRO: M(a)\ny = a ~~|\n:END OF MACRO:": ("1:1", "The macro 'M' has no equation for its output 'M'."),
    ":MACRO: M(a:b)\nM = a ~~|\n:END OF MACRO:": ("1:1", "The macro 'M' has no equation for its output 'b'."),
    ":MACRO: M(a)\na = 1 ~~|\nM = a ~~|\n:END OF MACRO:": (
        "1:1",
        "The macro 'M' has an equation for its input 'a'.",
    ),
    ":MACRO: M(a)\nM[R] = a ~~|\n:END OF MACRO:": ("2:1", "There are no subscripts inside a macro"),
    ":MACRO: M(a)\nM = (a ~~|\n:END OF MACRO:": ("2:5", "The bracket ( is never closed."),
    ":MACRO: M(a)\nM = a ~~|\nM = 1 ~~|\n:END OF MACRO:": ("3:1", "'M' is defined here and in line 2."),
    ":MACRO: M(a)\nM=a~~|\n:END OF MACRO:\n:MACRO: m(a)\nm=a~~|\n:END OF MACRO:": (
        "4:1",
        "The macro 'm' is defined here and in line 1.",
    ),
    ":MACRO: M(a)\n:MACRO: N(a)\nN=a~~|\n:END OF MACRO:": ("1:1", "A macro has no end."),
    "x = a : b ~~|": ("1:7", "A ':' stands outside the call of a macro."),
    "x = M(a :) ~~|": ("1:9", "No output follows this ':'."),
    # ranges
    "R: (A1-A999999999) ~~|": ("1:4", "'(A1-A999999999)' stands for 999999999 elements."),
    "R: A, (A3-A1) ~~|": ("1:7", "'(A3-A1)' is not a series of elements."),
    "R: (A1-B3) ~~|": ("1:4", "'(A1-B3)' is not a series of elements."),
    "R: (1-3) ~~|": ("1:4", "'(1-3)' is not a series of elements."),
    "R: A, + ~~|": ("1:6", "Elements of a subscript range are names with commas between."),
    "R: A B& ~~|": ("1:3", "Elements of a subscript range are names with commas between."),
    "R: A -> ~~|": ("1:8", "After -> stand names of subscript ranges."),
    "R: A, B -> (S: ) ~~|": ("1:11", "After -> stand names of subscript ranges."),
    "R <-> S, T ~~|": ("1:6", "After <-> stands the name of one subscript range."),
    "R: GET XLS SUBSCRIPT('f','t','a','b','p') ~~|": ("1:3", "There is no file 'f' (looked for in"),
    "R: A ~~|\nR: B ~~|": ("2:1", "The range 'R' is defined here and in line 1."),
    # one namespace, nothing twice
    "x = 1 ~~|\n X = 2 ~~|": ("2:2", "'X' is defined here and in line 1."),
    "my_x = 1 ~~|\nMy  x = 2 ~~|": ("2:1", "'My x' is defined here and in line 1."),
    "x[A] = 1 ~~|\nx[a] = 2 ~~|": ("2:1", "'x[a]' is defined here and in line 1."),
    "x[A] = 1 ~~|\nx = 2 ~~|": ("2:1", "'x' has 0 subscripts here and 1 in line 1."),
    "R: A ~~|\nr = 1 ~~|": ("2:1", "'r' is a variable here and a subscript range in line 1."),
    "a = 1 ~~|\nR: A ~~|": ("1:1", "'a' is a variable here and an element of 'R' in line 2."),
    # units
    "x = 1 ~ Year [0 ~|": (
        "1:9",
        "The units 'Year [0' have something in brackets that is not a range of numbers.",
    ),
    "x = 1 ~ [0] ~|": ("1:9", "The units '[0]' have something in brackets"),
    "x = 1 ~ Year [a,b] ~|": ("1:9", "The units 'Year [a,b]' have something in brackets"),
    "x = 1 ~\n\tYear [5,1] ~|": ("2:2", "The range [5,1] ends before it begins."),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_a_mistake_has_a_place_a_reason_and_a_way_out(wrong, text, expected):
    message = wrong(text)
    place, what = expected
    first = message.splitlines()[0]
    assert first.startswith(f"m.mdl:{place}: {what}")
    assert len(first) > len(f"m.mdl:{place}: {what}") or what.endswith(".")
    assert "Traceback" not in message


def test_one_problem_each(wrong):
    for text in MISTAKES:
        assert len(wrong(text).splitlines()) == 1, text


@pytest.mark.parametrize(
    "text",
    [
        "(" * 101 + "a" + ")" * 101,
        "(" * 20_000 + "a" + ")" * 20_000,
        "-(" * 5000 + "a" + ")" * 5000,
        "MAX(a," * 101 + "a" + ")" * 101,
    ],
)
def test_brackets_too_deep(wrong, text):
    assert "m.mdl:1:" in wrong(f"x = {text} ~~|") and "The equation is nested too deeply." in wrong(
        f"x = {text} ~~|"
    )


def test_a_quotient_too_long(wrong):
    assert wrong(f"x = {' / '.join(['a'] * 5000)} ~~|").startswith("m.mdl:1:5: The equation is too long")


def test_a_problem_in_one_definition_does_not_hide_those_in_others(wrong):
    message = wrong("R: A, + ~~|\na = (1 ~~|\nb = 1 ~ [x] ~|\nc = 1 |\nd = 1 ~~|\nD = 1 ~~|")
    assert [line.split(":")[1] for line in message.splitlines()] == ["1", "2", "3", "4", "6"]
