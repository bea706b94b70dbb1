"""Functions beyond the documented examples: edges, types, and what they refuse."""

from decimal import Decimal

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.expression import compile_expression

NAMES: JsonObject = {
    "input": {
        "t": "Größe 😀",
        "z": None,
        "list": [3, Decimal("1.0"), 2],
        "rows": [
            {"k": "b", "n": 1},
            {"k": "a", "n": 1},
            {"k": None, "n": 0},
            {"k": "b", "n": Decimal("0.5")},
        ],
        "o": {"a": {"b": [10, {"c": None}]}, "x.y": 1, "length": "own"},
    }
}


def _value(source: str) -> JsonValue:
    return compile_expression(source).evaluate(NAMES)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("length(input.t)", 7),
        ("length('')", 0),
        ("length({a: 1})", 1),
        ("upper('straße')", "STRASSE"),
        ("lower('ÄÖ')", "äö"),
        ("trim('\\u00a0 a\\t')", "a"),
        ("split('', ',')", [""]),
        ("split('', '')", []),
        ("split('a😀', '')", ["a", "😀"]),
        ("join([])", ""),
        ("join([1, null, 'a', {b: 2}], '')", '1a{"b":2}'),
        ("join(['a', 'b'])", "a,b"),
        ("replace('aaa', 'aa', 'b')", "ba"),
        ("replace('a.b', '.', '')", "ab"),
        ("contains('abc', 'b')", True),
        ("contains([1, 2], 2.0)", True),
        ("contains({a: 1}, 'a')", True),
        ("contains({a: 1}, 'constructor')", False),
        ("startsWith('abc', '')", True),
        ("endsWith('abc', 'bc')", True),
        ("matches('abc', 'b')", True),
        ("matches('ABC', '(?i)^abc$')", True),
        ("matches('a\\nb', '^b')", False),
        ("matches(input.t, '^\\\\pL+ .$')", True),
        ("matches('', '')", True),
        ("padStart('abc', 2)", "abc"),
        ("padStart('1', 4, 'ab')", "aba1"),
        ("padStart(2.50, 6, '0')", "002.50"),
        ("padStart('a', 3)", "  a"),
        ("substring('abc', 1)", "bc"),
        ("substring('abc', 2, 1)", ""),
        ("substring('abc', 5, 9)", ""),
        ("substring(input.t, 6)", "😀"),
    ],
)
def test_functions_on_text(source: str, value: JsonValue) -> None:
    """Text is counted in characters, cut and searched literally, and never guessed from null."""
    assert _value(source) == value


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("number('2.90')", "2.90"),
        ("number(' +5 ')", "5"),
        ("number('-0')", "0"),
        ("number('-0.00')", "0.00"),
        ("number('.5')", "0.5"),
        ("number('1e2')", "1E+2"),
        ("number('00012')", "12"),
        ("number(padStart('1', 1500, '0'))", "1"),
        ("number(2.90)", "2.90"),
        ("string(2.90)", "2.90"),
        ("string(null)", ""),
        ("string(true)", "true"),
        ("string(1e-7)", "0.0000001"),
        ("json('a\"b')", '"a\\"b"'),
        ("json(null)", "null"),
        ("json({b: 1, a: [2.50]})", '{"b":1,"a":[2.50]}'),
        ("parseJson(' [1.10, 123456789012345678901234567890] ')[0]", "1.10"),
        ("parseJson('123456789012345678901234567890')", "123456789012345678901234567890"),
        ("boolean(' TRUE ')", "True"),
        ("boolean('0')", "False"),
        ("boolean('')", "False"),
        ("boolean(null)", "False"),
        ("boolean([])", "True"),
        ("boolean(0)", "False"),
        ("type(null) + type(true) + type(1) + type('')", "nullbooleannumberstring"),
        ("type([]) + type({})", "arrayobject"),
        ("default(null, 1)", "1"),
        ("default(0, 1)", "0"),
        ("default(false, 1)", "False"),
        ("coalesce(null, null)", "None"),
        ("isEmpty(0)", "False"),
        ("isEmpty(' ')", "False"),
        ("isEmpty([])", "True"),
        ("exists(0)", "True"),
        ("exists(input.o.a.b[5])", "False"),
        ("base64('é')", "w6k="),
        ("base64('')", ""),
        ("uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'a') == uuid5('dns', 'a')", "True"),
    ],
)
def test_conversion_and_presence(source: str, text: str) -> None:
    """Conversions keep digits and say no to what is not a number or a boolean."""
    assert str(_value(source)) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("round(0.5)", "1"),
        ("round(-0.5)", "-1"),
        ("round(1.005, 2)", "1.01"),
        ("round(2.5, 0, 'half_even')", "2"),
        ("round(2.341, 2, 'up')", "2.35"),
        ("round(-2.341, 2, 'up')", "-2.35"),
        ("round(-2.349, 2, 'down')", "-2.34"),
        ("round(-2.341, 2, 'floor')", "-2.35"),
        ("round(-2.349, 2, 'ceiling')", "-2.34"),
        ("round(-0.001, 2)", "0.00"),
        ("round(1250, -2)", "1300"),
        ("round(1249.99, -2)", "1200"),
        ("round(4, -1)", "0"),
        ("round(1e300, 2)", "1" + "0" * 300 + ".00"),
        ("floor(-0.5)", "-1"),
        ("ceil(-0.5)", "0"),
        ("ceil(3)", "3"),
        ("floor(1e-400)", "0"),
        ("abs(-1)", "1"),
        ("abs(-2.90)", "2.90"),
        ("min(input.list)", "1.0"),
        ("max(1, 2.50, 2.5)", "2.50"),
        ("min('b', 'a')", "a"),
        ("max([])", "None"),
        ("max('10', 9)", "10"),
        ("sum([])", "0"),
        ("sum([0.1, 0.2, 0.30])", "0.6"),
        ("sum(input.rows, (r, i) => r.n * i)", "2.5"),
    ],
)
def test_functions_on_numbers(source: str, text: str) -> None:
    """Rounding is exact in every mode, keeps its places, and never yields a negative zero."""
    assert str(_value(source)) == text


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("map([], x => 1 / 0)", []),
        ("filter([0, 1, '', 'a', [], null], x => x)", [1, "a", []]),
        ("find([1, 2], x => x > 5)", None),
        ("any([])", False),
        ("all([])", True),
        ("any([0, '', 'x'])", True),
        ("all([1, 0])", False),
        ("any([1, 2], (x, i) => i == 1 && x == 2)", True),
        ("sort(input.list)", [Decimal("1.0"), 2, 3]),
        ("sort(['b', 'a', null, 'c'])", ["a", "b", "c", None]),
        ("sort(['b', 'a', null, 'c'], 'desc')", ["c", "b", "a", None]),
        ("sort([])", []),
        ("map(sort(input.rows, r => r.n), r => r.k)", [None, "b", "b", "a"]),
        ("map(sort(input.rows, r => r.n, 'desc'), r => r.k)", ["b", "a", "b", None]),
        (
            "unique([1, 1.0, '1', true, null, null, [1], [1.0], {a: 1}, {a: 1.00}])",
            [1, "1", True, None, [1], {"a": 1}],
        ),
        ("unique([1e2, 100, 100.0])", [Decimal("1E+2")]),
        ("map(unique(input.rows, r => r.k), r => r.n)", [1, 1, 0]),
        ("flatten([])", []),
        ("flatten([1, [], [[2]]])", [1, [2]]),
        ("keys(groupBy(input.rows, r => r.k))", ["b", "a", ""]),
        ("keys(groupBy([1, 1.0, true], x => x))", ["1", "1.0", "true"]),
        ("keys({})", []),
        ("merge({}, {a: 1}, {a: null})", {"a": None}),
        ("pick({a: 1, b: 2, c: 3}, ['c', 'a', 'x'])", {"c": 3, "a": 1}),
        ("pick({a: 1, '7': 2}, 7)", {"7": 2}),
        ("pick({a: 1}, [])", {}),
        ("omit({a: 1, b: 2}, 'a', 'x')", {"b": 2}),
        ("get(input.o, 'a.b.0')", 10),
        ("get(input.o, ['a', 'b', 0])", 10),
        ("get(input.o, ['x.y'])", 1),
        ("get(input.o, 'x.y')", None),
        ("get(input.o, 'a.b.1.c', 'none')", "none"),
        ("get(input.o, 'length')", "own"),
        ("get(input.o.a.b, 0)", 10),
        ("get(null, 'a')", None),
        ("get('abc', 'length')", None),
    ],
)
def test_functions_on_arrays_and_objects(source: str, value: JsonValue) -> None:
    """Order is kept, equality is by value, and only own keys are read."""
    assert _value(source) == value


@pytest.mark.parametrize(
    ("source", "message", "position"),
    [
        ("length(null)", "argument 1 must be a string, an array or an object, found null", 7),
        ("upper(null)", "argument 1 must be a string, found null", 6),
        ("1 + length(upper(5))", "upper: argument 1 must be a string, found the number 5", 17),
        ("join('a')", "argument 1 must be an array, found the string 'a'", 5),
        ("replace('a', '', 'b')", "argument 2 must not be empty", 13),
        ("padStart('a', 5, '')", "argument 3 must not be empty", 17),
        ("padStart('a', 1.5)", "argument 2 must be a whole number from 0 to 1,048,576", 14),
        ("padStart(true, 5)", "argument 1 must be a string or a number, found true", 9),
        ("substring('a', -1)", "argument 2 must be a whole number", 15),
        ("matches('a', '(')", "the pattern '(' is not understood: missing )", 13),
        ("matches('a', '(?=b)')", "the pattern '(?=b)' is not understood", 13),
        ("matches('a', '(a)\\\\1')", "is not understood: invalid escape sequence", 13),
        ("matches('a', padStart('', 1001, 'a'))", "more than 1,000 characters", 13),
        ("number('')", "argument 1 must be a number or a string that holds one", 7),
        ("number(true)", "argument 1 must be a number or a string that holds one", 7),
        ("number('1,000')", "found the string '1,000'", 7),
        ("boolean('maybe')", "argument 1 must be a boolean or one of", 8),
        ("parseJson('{')", "not JSON:", 10),
        ("parseJson('1e999')", "not JSON: the number's exponent is beyond ±400", 10),
        ("parseJson('[\"\\\\u0000\"]')", "not JSON: the text holds U+0000 at [0]", 10),
        ("round('1')", "argument 1 must be a number, found the string '1'", 6),
        ("round(1, 0.5)", "argument 2 must be a whole number from -400 to 400", 9),
        ("round(1, 0, 'even')", "argument 3 must be one of half_up, half_even", 12),
        ("min(1, null)", "item 1 must be a number or a string, found null", 0),
        ("max(1, 'a')", "cannot compare", 0),
        ("sum([1, '2'])", "item 1 must be a number, found the string '2'", 4),
        ("map(null, x => x)", "argument 1 must be an array, found null", 4),
        ("map([1, 0], x => 1 / x)", "division by zero", 19),
        ("filter({}, x => x)", "argument 1 must be an array, found an object of 0 fields", 7),
        ("sort([1, 'a'])", "numbers and strings cannot be ordered together (item 1)", 0),
        ("sort([[1]])", "item 0 cannot be ordered: found an array of 1", 0),
        ("sort([1], 'up')", "argument 2 must be 'asc' or 'desc', found the string 'up'", 10),
        ("sort([1], x => x, 1)", "argument 3 must be 'asc' or 'desc', found the number 1", 18),
        ("groupBy([1], x => [x])", "item 0 cannot be grouped by an array of 1", 13),
        ("keys([1])", "argument 1 must be an object, found an array of 1", 5),
        ("merge({}, null)", "argument 2 must be an object, found null", 10),
        ("pick({}, null)", "argument 2 must be the name of a field, found null", 9),
        ("omit({}, 'a', true)", "argument 3 must be the name of a field, found true", 14),
        ("get({}, null)", "argument 2 must be a path such as 'a.b.0'", 8),
        ("get({a: 1}, [['a']])", "argument 2 must be a path such as 'a.b.0'", 12),
        ("base64(1)", "argument 1 must be a string", 7),
        ("uuid5('nope', 'a')", "argument 1 must be a UUID", 6),
    ],
)
def test_what_a_function_refuses(source: str, message: str, position: int) -> None:
    """A wrong argument is named with its number, its place, and what was found."""
    with pytest.raises(ExpressionError) as raised:
        _value(source)
    assert message in raised.value.message
    assert raised.value.position == position


def test_a_bad_pattern_is_refused_each_time() -> None:
    """A pattern that failed once does not start to match."""
    for _ in range(3):
        with pytest.raises(ExpressionError):
            _value("matches('a', '[')")


def test_functions_never_change_their_arguments() -> None:
    """Sorting, merging and the like make new values and leave the run's data alone."""
    rows: list[JsonValue] = [{"n": 2}, {"n": 1}]
    names: JsonObject = {"input": {"rows": rows, "o": {"a": 1}}}
    for source in (
        "sort(input.rows, r => r.n)",
        "merge(input.o, {a: 2})",
        "map(input.rows, r => merge(r, {n: 5}))",
        "omit(input.o, 'a')",
        "flatten([input.rows, input.rows])",
        "groupBy(input.rows, r => r.n)",
        "unique(input.rows)",
    ):
        compile_expression(source).evaluate(names)
    assert names == {"input": {"rows": [{"n": 2}, {"n": 1}], "o": {"a": 1}}}
