"""Operators on values: truth, equality, order, joining, and exact arithmetic."""

from decimal import Decimal

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.expression import compile_expression

HUGE = 10**399
NAMES: JsonObject = {
    "input": {
        "n": 5,
        "price": Decimal("2.90"),
        "t": "abc",
        "z": None,
        "list": [1, "a", None],
        "object": {"k": 1},
        "huge": HUGE,
        "long": Decimal("1." + "7" * 399),
    }
}


def _value(source: str) -> JsonValue:
    return compile_expression(source).evaluate(NAMES)


@pytest.mark.parametrize("source", ["null", "false", "0", "0.00", "''", "input.z", "input.nope"])
def test_what_counts_as_false(source: str) -> None:
    """Null, false, zero and empty text are false, for every operator that asks."""
    assert _value(f"!({source})") is True
    assert _value(f"({source}) ? 1 : 2") == 2
    assert _value(f"({source}) || 'other'") == "other"
    assert _value(f"({source}) && 'other'") == _value(source)


@pytest.mark.parametrize("source", ["true", "1", "-0.1", "' '", "'0'", "'false'", "[]", "{}"])
def test_what_counts_as_true(source: str) -> None:
    """Everything else is true, empty arrays and objects too."""
    assert _value(f"!({source})") is False
    assert _value(f"({source}) && 'other'") == "other"
    assert _value(f"({source}) || 'other'") == _value(source)


def test_operands_that_do_not_count_are_not_evaluated() -> None:
    """`&&`, `||`, `??` and `?:` stop at the operand that decides."""
    assert _value("false && 1 / 0") is False
    assert _value("true || 1 / 0") is True
    assert _value("0 ?? 1 / 0") == 0
    assert _value("true ? 1 : 1 / 0") == 1


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("1", "1.0", True),
        ("1e2", "100", True),
        ("input.huge", "1e399", True),
        ("2.90", "input.price", True),
        ("1", "'1'", False),
        ("1", "true", False),
        ("0", "false", False),
        ("0", "null", False),
        ("''", "null", False),
        ("null", "input.nope", True),
        ("'a'", "'A'", False),
        ("[1, [2]]", "[1.0, [2.00]]", True),
        ("[1, 2]", "[2, 1]", False),
        ("[true]", "[1]", False),
        ("[1]", "[1, 2]", False),
        ("[[1]]", "[{}]", False),
        ("[]", "{}", False),
        ("{a: 1, b: 2}", "{b: 2, a: 1}", True),
        ("{a: 1}", "{a: 1, b: null}", False),
        ("{a: null}", "{b: null}", False),
        ("{a: 1}", "{a: '1'}", False),
    ],
)
def test_equality_is_by_type_and_value(left: str, right: str, *, equal: bool) -> None:
    """All four equality operators are strict, by value, deep, and agree with each other."""
    assert _value(f"{left} == {right}") is equal
    assert _value(f"{right} === {left}") is equal
    assert _value(f"{left} != {right}") is not equal
    assert _value(f"{right} !== {left}") is not equal


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 < 2", True),
        ("2 <= 2.0", True),
        ("3 > 2.9", True),
        ("2.90 >= 2.9", True),
        ("5 < '10'", True),
        ("'10' > 9.5", True),
        ("' 10 ' >= 10", True),
        ("'1e2' <= 100", True),
        ("'10' < '9'", True),
        ("'b' > 'a'", True),
        ("'2024-01-31' <= '2024-02-01'", True),
        ("'' < 'a'", True),
    ],
)
def test_order_compares_like_with_like(source: str, value: JsonValue) -> None:
    """Numbers and numeric strings order as numbers, strings by character."""
    assert _value(source) is value


@pytest.mark.parametrize(
    ("source", "message", "position"),
    [
        ("1 < 'a'", "cannot compare the number 1 with the string 'a'", 2),
        ("null > 1", "cannot compare null with the number 1", 5),
        ("true < false", "cannot compare true with false", 5),
        ("[1] < [2]", "cannot compare an array of 1 with an array of 1", 4),
        ("{} >= 1", "cannot compare an object of 0 fields with the number 1", 3),
        ("1 < 2 < 3", "cannot compare true with the number 3", 6),
        ("'1_0' < 5", "cannot compare the string '1_0' with the number 5", 6),
        ("'NaN' < 5", "cannot compare the string 'NaN' with the number 5", 6),
        ("'Infinity' > 5", "cannot compare the string 'Infinity' with the number 5", 11),
        ("'\u0661' < 5", "cannot compare the string '\u0661' with the number 5", 4),
        ("1 - '1'", "cannot subtract the string '1' from the number 1", 2),
        ("input.z + 1", "cannot add null and the number 1", 8),
        ("input.list * 2", "cannot multiply an array of 3 by the number 2", 11),
        ("true / 2", "cannot divide true by the number 2", 5),
        ("2 % null", "cannot divide the number 2 by null", 2),
        ("-input.t", "`-` needs a number, found the string 'abc'", 0),
        ("1 + 2 + true", "cannot add the number 3 and true", 6),
        ("1 in null", "cannot look into null", 2),
        ("1 in 'abc'", "cannot look for the number 1 in a string", 2),
        ("1 in {}", "cannot look for the number 1 in an object", 2),
        ("5 / 0", "division by zero", 2),
        ("5 % 0.00", "division by zero", 2),
        ("1e400 * 1e400", "the result is larger than 1e400", 6),
        ("1e-400 / 10", "the result is smaller than 1e-400", 7),
        ("-1e400 - 9e400", "the result is larger than 1e400", 7),
    ],
)
def test_what_does_not_fit_is_an_error(source: str, message: str, position: int) -> None:
    """Mixed types and impossible results say what was found and where; nothing is guessed."""
    with pytest.raises(ExpressionError) as raised:
        _value(source)
    assert raised.value.message == message
    assert raised.value.position == position


def test_an_error_never_shows_a_large_value() -> None:
    """What was found is named by type and a short beginning."""
    names: JsonObject = {"input": {"t": "secret " * 1000, "list": [*range(1000)]}}
    for source in ("input.t - 1", "input.list - 1", "input.t < 1"):
        with pytest.raises(ExpressionError) as raised:
            compile_expression(source).evaluate(names)
        assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a' in input.list", True),
        ("1.0 in input.list", True),
        ("null in input.list", True),
        ("'b' in input.list", False),
        ("[1] in [[1.0]]", True),
        ("'k' in input.object", True),
        ("'keys' in input.object", False),
        ("'bc' in input.t", True),
        ("'' in input.t", True),
    ],
)
def test_membership(source: str, value: JsonValue) -> None:
    """`in` finds values in arrays, own keys in objects, and strings in strings."""
    assert _value(source) is value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a' + 'b'", "ab"),
        ("'n: ' + 2.90", "n: 2.90"),
        ("1e3 + 'x'", "1000x"),
        ("1 + 2 + 'x'", "3x"),
        ("'x' + 1 + 2", "x12"),
        ("'x' + null", "x"),
        ("true + 'x'", "truex"),
        ("'x' + [1, {a: 2.50}]", 'x[1,{"a":2.50}]'),
    ],
)
def test_plus_joins_when_one_side_is_a_string(source: str, value: JsonValue) -> None:
    """Joining writes the other side as a template would."""
    assert _value(source) == value


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("0.1 + 0.2", "0.3"),
        ("19.99 * 3", "59.97"),
        ("100 * 0.029", "2.9"),
        ("1.10 + 1.1", "2.2"),
        ("1.5 + 1.5", "3"),
        ("2.50 * 2", "5"),
        ("100.00 - 0", "100"),
        ("0.5 - 0.50", "0"),
        ("0.1 * -0", "0"),
        ("-input.price", "-2.90"),
        ("input.price", "2.90"),
        ("input.price + 0", "2.9"),
        ("10 / 4", "2.5"),
        ("1 / 3", "0." + "3" * 34),
        ("2 / 3", "0." + "6" * 33 + "7"),
        ("1e34 / 3", "3" * 34),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("7 % -3", "1"),
        ("-7.5 % 2", "-1.5"),
        ("-6 % 3", "0"),
        ("1e400 % 7", str(10**400 % 7)),
        ("1e400 % 7e-400", "2E-400"),
        ("1e399 * 10", "1E+400"),
        ("1e200 + 1", "1" + "0" * 200),
        ("1e99 + 1", "1" + "0" * 98 + "1"),
        ("input.huge - 1", str(HUGE)),
        ("input.long * 1", "1." + "7" * 98 + "8"),
    ],
)
def test_arithmetic_is_exact(source: str, text: str) -> None:
    """Results have the digits that paper and pencil give, without trailing zeros."""
    assert str(_value(source)) == text


def test_rounding_past_a_hundred_digits_is_half_even() -> None:
    """A sum that needs 101 digits and ends in 5 goes to the even neighbour."""
    base = 10**100
    names: JsonObject = {"input": {"even": base + 20, "odd": base + 10}}
    assert compile_expression("input.even + 5").evaluate(names) == base + 20
    assert compile_expression("input.odd + 5").evaluate(names) == base + 20
