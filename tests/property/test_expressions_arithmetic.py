"""Arithmetic equals that of exact rationals, rounded once as documented."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from justpaid.exact_json import JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.expression import compile_expression

Number = int | Decimal

numbers = st.one_of(
    st.integers(-(10**120), 10**120),
    st.tuples(st.integers(-(10**60), 10**60), st.integers(-80, 80)).map(
        lambda parts: Decimal(f"{parts[0]}e{parts[1]}")
    ),
    st.tuples(st.integers(-999_999, 999_999), st.integers(-4, 0)).map(
        lambda parts: Decimal(f"{parts[0]}e{parts[1]}")
    ),
)
ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER = (
    compile_expression(f"input.a {operator} input.b") for operator in "+-*/%"
)


def _evaluated(source: str, **values: JsonValue) -> Number:
    value = compile_expression(source).evaluate({"input": values})
    assert isinstance(value, int | Decimal)
    return value


def _rounded(exact: Fraction, digits: int) -> Fraction:
    """Round a rational to so many significant digits, half even, without Decimal's help."""
    if not exact:
        return exact
    size = abs(exact)
    exponent = len(str(size.numerator)) - len(str(size.denominator)) - digits
    while size >= Fraction(10) ** (exponent + digits):
        exponent += 1
    while size < Fraction(10) ** (exponent + digits - 1):
        exponent -= 1
    unit = Fraction(10) ** exponent
    return round(exact / unit) * unit


def _has_trailing_zeros(value: Number) -> bool:
    return isinstance(value, Decimal) and (
        value.as_tuple().digits[-1] == 0 or value == value.to_integral_value()
    )


@pytest.mark.parametrize(
    ("operator", "reference"),
    [
        ("+", lambda a, b: a + b),
        ("-", lambda a, b: a - b),
        ("*", lambda a, b: a * b),
    ],
)
@given(a=numbers, b=numbers)
def test_sums_and_products_are_exact_to_100_digits(
    operator: str, reference: Callable[[Fraction, Fraction], Fraction], a: Number, b: Number
) -> None:
    """`+ - *` give the exact result, rounded half even only past 100 digits."""
    result = _evaluated(f"input.a {operator} input.b", a=a, b=b)
    assert Fraction(result) == _rounded(reference(Fraction(a), Fraction(b)), 100)
    assert not _has_trailing_zeros(result)


@given(a=numbers, b=numbers)
def test_quotients_have_34_digits(a: Number, b: Number) -> None:
    """`/` gives the quotient rounded half even to 34 digits."""
    assume(b)
    result = _evaluated("input.a / input.b", a=a, b=b)
    assert Fraction(result) == _rounded(Fraction(a) / Fraction(b), 34)
    assert not _has_trailing_zeros(result)


@given(a=numbers, b=numbers)
def test_remainders_have_the_dividends_sign(a: Number, b: Number) -> None:
    """`%` leaves what whole division does not take."""
    assume(b)
    exact, divisor = Fraction(a), Fraction(b)
    whole = int(exact / divisor)
    result = _evaluated("input.a % input.b", a=a, b=b)
    assert Fraction(result) == _rounded(exact - divisor * whole, 100)


@given(a=numbers, b=numbers)
def test_comparison_is_that_of_rationals(a: Number, b: Number) -> None:
    """Order and equality of numbers ignore how they are written, and exact text agrees."""
    exact, other = Fraction(a), Fraction(b)
    for left, right in ((a, b), (str(a), b), (a, str(b))):
        for operator, expected in (
            ("<", exact < other),
            ("<=", exact <= other),
            (">", exact > other),
            (">=", exact >= other),
        ):
            expression = compile_expression(f"input.a {operator} input.b")
            assert expression.evaluate({"input": {"a": left, "b": right}}) is expected
    equality = compile_expression("input.a == input.b")
    assert equality.evaluate({"input": {"a": a, "b": b}}) is (exact == other)


@given(
    x=numbers,
    places=st.integers(-20, 20),
    mode=st.sampled_from(["half_up", "half_even", "up", "down", "ceiling", "floor"]),
)
def test_rounding_is_that_of_rationals(x: Number, places: int, mode: str) -> None:
    """`round` gives the right multiple of the unit in every mode, with exactly its places."""
    result = _evaluated("round(input.x, input.places, input.mode)", x=x, places=places, mode=mode)
    unit = Fraction(10) ** -places
    scaled = Fraction(x) / unit
    lower = scaled.numerator // scaled.denominator
    rest = scaled - lower
    toward_zero = lower if scaled >= 0 or not rest else lower + 1
    away = lower if not rest else (lower + 1 if scaled > 0 else lower)
    half = Fraction(1, 2)
    expected = {
        "floor": lower,
        "ceiling": lower + bool(rest),
        "down": toward_zero,
        "up": away,
        "half_even": round(scaled),
        "half_up": away if rest == half else lower + (rest > half),
    }[mode]
    assert Fraction(result) == expected * unit
    if places > 0:
        assert isinstance(result, Decimal)
        assert result.as_tuple().exponent == -places
        assert not (result.is_zero() and result.is_signed())
    else:
        assert isinstance(result, int)


@given(numbers)
def test_a_number_passed_through_keeps_its_digits(x: Number) -> None:
    """Reading, choosing and converting to text and back change no digit."""
    digits = str(x)
    for source in ("input.x", "input.missing ?? input.x", "[input.x][0]", "max(input.x)"):
        assert str(_evaluated(source, x=x)) == digits
    text = compile_expression("string(input.x)").evaluate({"input": {"x": x}})
    assert isinstance(text, str)
    assert "E" not in text
    assert Fraction(_evaluated("number(input.x)", x=text)) == Fraction(x)


@given(st.lists(numbers, max_size=20))
def test_a_sum_is_the_chain_of_its_additions(items: list[Number]) -> None:
    """`sum` adds as `+` does, from left to right."""
    total: Number = 0
    for item in items:
        total = _evaluated("input.a + input.b", a=total, b=item)
    assert _evaluated("sum(input.items)", items=[*items]) == total


@given(
    st.integers(-(10**400) + 1, 10**400 - 1),
    st.integers(-(10**400) + 1, 10**400 - 1),
    st.sampled_from("+-*/%"),
)
def test_the_largest_numbers_give_a_bounded_result_or_an_error(
    a: int, b: int, operator: str
) -> None:
    """No operation on numbers within bounds leaves them silently."""
    try:
        result = _evaluated(f"input.a {operator} input.b", a=a, b=b)
    except ExpressionError:
        return
    assert len(Decimal(result).as_tuple().digits) <= 400
    assert abs(Decimal(result).adjusted()) <= 400
