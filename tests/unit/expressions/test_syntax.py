"""The grammar: ranks, literals, lambdas, and the place and reason of every mistake."""

from decimal import Decimal

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionSyntaxError
from justpaid.expressions.expression import compile_expression

NAMES: JsonObject = {"input": {"n": 5, "t": "x", "z": None}}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 3 - 2", 5),
        ("100 / 10 / 5", 2),
        ("7 % 4 * 2", 6),
        ("2 + 3 < 6", True),
        ("1 < 2 == true", True),
        ("1 == 1 && 2 == 2", True),
        ("false && true || true", True),
        ("true || true && false", True),
        ("null ?? 0 || 5", 5),
        ("null ?? false ? 'a' : 'b'", "b"),
        ("false ? 1 : true ? 2 : 3", 2),
        ("true ? false ? 1 : 2 : 3", 2),
        ("!false == true", True),
        ("!!input.n", True),
        ("-2 * -3", 6),
        ("- - 2", 2),
        ("2--2", 4),
        ("-input.n + 1", -4),
        ("'a' in ['a'] && 1 < 2", True),
        ("input.z ?? input.z ?? 'last'", "last"),
        ("a_name", 1),
        ("true", True),
        ("null", None),
        ("007", 7),
        (".5", Decimal("0.5")),
        ("1e3", Decimal("1E+3")),
        ("2.90", Decimal("2.90")),
        ("-2.90", Decimal("-2.90")),
        ("-0", 0),
        ("-0.00", Decimal("0.00")),
        ("true ?.5:1", Decimal("0.5")),
        ("'it\\'s'", "it's"),
        ('"\\u20ac\\u{1F600}\\ud83d\\ude00\\n\\t\\/"', "€😀😀\n\t/"),
        ("'a\nb'", "a\nb"),
        ("''", ""),
        ("[]", []),
        ("[1, 2,]", [1, 2]),
        ("{}", {}),
        ("{a: 1, 'b c': 2, 3: 4, true: 5, in: 6,}", {"a": 1, "b c": 2, "3": 4, "true": 5, "in": 6}),
        ("{__proto__: 1}", {"__proto__": 1}),
        ("{a: {b: [{c: 1}]}}", {"a": {"b": [{"c": 1}]}}),
        ("\u00a0 1\n+\t2\r\n", 3),
        ("{{ {{ 1 }} + 1 }}", 2),
        ("{{ {a: 1} }}", {"a": 1}),
        ("map([1, 2], x => x * 2)", [2, 4]),
        ("map([1, 2], (x) => x * 2)", [2, 4]),
        ("map([5, 6], (x, i) => [i, x])", [[0, 5], [1, 6]]),
        ("map([5],(x,i)=>i,)", [0]),
        ("map([1], x => x > 0 ? 'a' : 'b')", ["a"]),
        ("map([[1], [2]], x => map(x, y => y + length(x)))", [[2], [3]]),
        ("'{{input.n}}' + '!'", "{{input.n}}!"),
    ],
)
def test_an_expression_reads_as_written(source: str, value: JsonValue) -> None:
    """Ranks, associativity and literals are those of the documented table."""
    result = compile_expression(source, frozenset({"a_name"})).evaluate({**NAMES, "a_name": 1})
    assert result == value
    assert str(result) == str(value)


@pytest.mark.parametrize(
    ("source", "message", "position"),
    [
        ("", "empty", 0),
        ("  \n ", "empty", 0),
        ("1 +", "ends where more was expected", 3),
        ("input.a[", "ends where more was expected", 8),
        ("(1", "ends where more was expected", 2),
        ("1 2", "unexpected `2`", 2),
        ("1.5.a", "unexpected `.`", 3),
        ("1.5.5", "unexpected `.5`", 3),
        ("input..a", "unexpected `.`", 6),
        ("input.-a", "unexpected `-`", 6),
        (")", "unexpected `)`", 0),
        ("[1 2]", "unexpected `2`", 3),
        ("{a}", "unexpected `}`", 2),
        ("{1.5: 2}", "unexpected `.", 2),
        ("{a: 1, a: 2}", "the key 'a' stands twice", 7),
        ("{ {1} }", "without a space inside", 0),
        ("'abc", "never closed", 0),
        ('input.a == "x', "never closed", 11),
        ("'\\d'", "unknown escape `\\d`", 1),
        ("'ab\\u12'", "unknown escape `\\u`", 3),
        ("'\\u0000'", "not a character", 1),
        ("'\\u{110000}'", "not a character", 1),
        ("'\\ud83d'", "half of a surrogate pair", 1),
        ("'\0'", "not text", 1),
        ("1 + '\ud83d'", "not text", 5),
        ("input.a = 1", "compare with `==`", 8),
        ("input.a & 1", "write `&&`", 8),
        ("input.a | 1", "write `||`", 8),
        ("`x`", "single or double quotes", 0),
        ("input?.a", "not needed", 6),
        ("2 ** 3", "no power operator", 3),
        ("input.a;", "without `;`", 7),
        ("[...input.a]", "no spread", 1),
        ("x => 1", "can only be an argument", 2),
        ("[x => 1]", "can only be an argument", 3),
        ("map(input.a, (x => x))", "can only be an argument", 16),
        ("input.a.b(1)", "only the functions of the language can be called", 9),
        ("steps.a(1)", "only the functions of the language can be called", 7),
        ("map([1], (x, x) => 1)", "names of their own", 9),
        ("map([1], null => 1)", "names of their own", 9),
        ("map([1], input => 1)", "already has a meaning", 9),
        ("map([1], 1)", "argument 2 of map is a function such as `x => x.a`", 9),
        ("upper(x => x)", "argument 1 of upper is a value, not a function", 6),
        ("map(x => x, [1])", "argument 1 of map is a value, not a function", 4),
        ("uper('a')", "there is no function `uper`; did you mean `upper`?", 0),
        ("input('a')", "there is no function `input`", 0),
        ("upper()", "upper takes 1 argument, not 0", 0),
        ("replace('a', 'b')", "replace takes 3 arguments, not 2", 0),
        ("round(1, 2, 'up', 4)", "round takes 1 to 3 arguments, not 4", 0),
        ("min()", "min takes 1 argument or more, not 0", 0),
        ("'{{input.n}}' == 5", "quotes make this template plain text", 0),
        ("input.n in '{{input.t}}'", "quotes make this template plain text", 11),
        ("9" * 401, "more than 400 digits", 0),
        ("1 + 1e401", "exponent is beyond ±400", 4),
        ("1e99999999999999999999", "exponent is beyond ±400", 0),
    ],
)
def test_a_mistake_is_named_with_its_place(source: str, message: str, position: int) -> None:
    """Whoever wrote the expression learns what is wrong with it and where."""
    with pytest.raises(ExpressionSyntaxError) as raised:
        compile_expression(source)
    assert message in raised.value.message
    assert raised.value.position == position
    assert raised.value.expression == source


def test_an_error_shows_the_part_of_a_long_expression_that_matters() -> None:
    """The message of an error stays short, whatever the expression's length."""
    source = "1 + " * 500 + "nope" + " + 1" * 300
    with pytest.raises(ExpressionSyntaxError) as raised:
        compile_expression(source)
    text = str(raised.value)
    assert "nope" in text
    assert len(text) < 300
