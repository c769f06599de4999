"""Names, number formats, comments, groups: what may be written how."""

from __future__ import annotations

from .case import Case

CONTROL = "INITIAL TIME = 0 ~~|\nFINAL TIME = 2 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
THREE = (0.0, 1.0, 2.0)


def _whole(name: str, probe: str, text: str, expected: dict) -> Case:  # type: ignore[type-arg]
    return Case(name, probe, text + CONTROL, expected, whole=True, times=THREE)


CASES = (
    Case("names_case_and_spaces", "Case, spaces and underscores do not tell names apart.",
         "My Value = 3\na = my_value + MY  VALUE\nB_c = Time\nd = b C*2", {"a": 6, "B_c": lambda t: t, "d": lambda t: 2 * t}),
    Case("names_quoted", "Quotation marks hold operators, brackets and digits at the beginning.",
         '"R&D / sales" = 3\n"1st (of 2), so: x" = 4\na = "R&D / sales"*2 - "1st (of 2), so: x"\nb = "my value"\nmy value = 5',
         {"a": 2, "b": 5}),
    Case("names_unicode", "Letters of other scripts, lower and upper case.",
         "Größe = 2\nΔt = 3\n率 = 5\na = größe*δt*率 + Time", {"a": lambda t: 30 + t}),
    Case("names_with_marks", "Signs beside and above letters: Hindi, Thai, an accent of its own.",
         "जनसंख्या वृद्धि = 2\nกำไรที่ได้ = 3\ne\u0301te\u0301 = 5\nश्रेणी: पहला, दूसरा\nb[श्रेणी] = 10, 20\n"
         "a = जनसंख्या वृद्धि*กำไรที่ได้*e\u0301te\u0301 + SUM(b[श्रेणी!]) + b[दूसरा]*Time", {"a": lambda t: 60 + 20 * t},
         "by hand; as by PySD 3.14.3"),
    Case("names_with_digits_and_signs", "Digits, apostrophes and dollars inside a name.",
         "x2 = 2\nx 2 = 3\nfirm's gain = 5\nprice$ = 7\na = x2 + 10*x 2 + 100*firm's gain + 1000*price$", {"a": 7532}),
    Case("names_like_functions", "Names that begin as functions, operators or Time do.",
         "minimum = 1\nmaxi = 2\nnotional = 3\nTime to adjust = 4\nexpert = 5\nandy = 6\n"
         "a = minimum + maxi + notional + Time to adjust + expert + andy", {"a": 21}),
    Case("functions_any_case", "Functions in any case, with spaces before the bracket.",
         "a = max(1, Time) + Min (3, 2)\nb = if then else(Time>1, 1, 0)\nc = If Then  Else (Time > 1, 1, 0)",
         {"a": [3, 3, 4, 5, 6], "b": [0, 0, 1, 1, 1], "c": [0, 0, 1, 1, 1]}),
    Case("number_formats", "Points at either end, exponents of either sign and case.",
         "a = .5\nb = 5.\nc = 1e3\nd = 1E-3\ne = 2.5e+2\nf = 007\ng = -1.5e1\nh = 0.1 + 0.2\ni = 123456789012345680",
         {"a": 0.5, "b": 5, "c": 1000, "d": 0.001, "e": 250, "f": 7, "g": -15, "h": 0.30000000000000004,
          "i": 123456789012345680.0}, rtol=0.0),
    _whole("comments", "Comments in curly brackets anywhere, also with ~ and | in them.",
           "{UTF-8}\n{first ~ | }\na {the name} = {before} 1 {in ~ between |} + Time {after}\n\t~ Dmnl {u}\n\t~ a comment |\n",
           {"a": lambda t: 1 + t}),
    _whole("line_continued", "A backslash at the end of a line goes on; white space of any kind between words.",
           "{UTF-8}\nlong\t name = 2 ~~|\na = 1 + \\\n\t\t2*Time \\\n - long \\\n\tname\n\t~\n\t~\n\t|\nb =\n\n\tTime\n~~|\n",
           {"a": lambda t: 2 * t - 1, "b": lambda t: t}),
    _whole("windows_lines", "Lines that end as on Windows.", "{UTF-8}\r\na = Time +\r\n 1\r\n\t~\t\r\n\t~\t|\r\n",
           {"a": lambda t: t + 1}),
    _whole("groups", "Headings of groups between definitions, with stars and text.",
           "{UTF-8}\n****\n\t.First\n****~\n\t\tWhat = it | \na = Time ~~|\n********\n\t.Second\n********~\n\t|\nb = a + 1 ~~|\n",
           {"a": lambda t: t, "b": lambda t: t + 1}),
    _whole("tilde_in_comment", "A ~ in a comment, alone or before :SUPPLEMENTARY; = in comments.",
           "{UTF-8}\na=1\n\t~\tDmnl\n\t~\tabout ~5 units; see x = 3 below\n\t|\nb=a*2~Dmnl~x ~ :SUPPLEMENTARY\n\t|\nc=1~~~:SUPPLEMENTARY|\n",
           {"a": 1, "b": 2, "c": 1}),
    _whole("units_and_limits", "Units, limits with open ends, comments of several lines, :SUPPLEMENTARY.",
           "{UTF-8}\na = 2 ~ Year/(Firm*Year) [0,?,0.1] ~ How many.\n\tAnd = why. ~ :SUPPLEMENTARY |\nb = a*Time ~ Dmnl [?,10] ~ |\n",
           {"a": 2, "b": lambda t: 2 * t}),
    _whole("order_of_lines", "An equation may stand before what it needs.",
           "{UTF-8}\na = b*2 ~~|\nb = c + 1 ~~|\nc = Time ~~|\n", {"a": lambda t: 2 * t + 2}),
    _whole("unchangeable_constant", "A constant with == .", "{UTF-8}\na == 3 ~~|\nb = a*Time ~~|\n", {"b": lambda t: 3 * t}),
    Case("sketch_and_settings", "What stands after the equations is no equation.",
        "{UTF-8}\nx = INTEG(Time, 0) ~~|\n" + CONTROL +
        "\\\\\\---/// Sketch information - do not modify anything except names\nV300  Do not put anything below\n"
        "*View 1\n10,1,x = 5,100,100,40,20,3,3,0,0,0,0,0,0\n///---\\\\\\\n:L\x7f<%^E!@\n1:base.vdf\n15:0,0,0,5,0,0\n",
        {"x": [0, 0.5, 2]}, methods=("rk4",), whole=True, times=THREE),
    _whole("macro", "A macro with a stock of its own; two calls have two.",
           "{UTF-8}\n:MACRO: LAG(input, time to lag)\nLAG = INTEG((input - LAG)/time to lag, 0) ~~|\n:END OF MACRO:\n"
           "a = LAG(4, 2) ~~|\nb = LAG(4, 1) + 100*LAG(8, 2) ~~|\n", {"a": [0, 2, 3], "b": [0, 404, 604]}),
    _whole("macro_outputs", "Outputs after the colon; names inside have nothing to do with those outside.",
           "{UTF-8}\n:MACRO: M(a : b, c)\nM = a*2 + k ~~|\nb = a*3 ~~|\nc = b*2 ~~|\nk = 1 ~~|\n:END OF MACRO:\n"
           "m = M(Time : y, z) ~~|\nk = 100 ~~|\nx = m + 10*y + 1000*z + k ~~|\n",
           {"x": [101, 6133, 12165], "y": [0, 3, 6]}),
)  # fmt: skip
