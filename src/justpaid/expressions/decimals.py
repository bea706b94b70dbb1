"""Exact decimal arithmetic in contexts of our own, never the thread's.

Guarantee: `+ - * %` are exact to 100 significant digits and rounded half even past that; division
has 34. A result past 400 digits or beyond an exponent of ±400 is a Fault, never an infinity, a
zero that is not one, or a NaN.
"""

import re
from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Subnormal,
    Underflow,
)
from typing import Final, TypeAlias

from justpaid.exact_json import MAX_DIGITS, MAX_EXPONENT
from justpaid.expressions.errors import Fault

Number: TypeAlias = int | Decimal

ROUNDING_MODES: Final = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
    "ceiling": ROUND_CEILING,
    "floor": ROUND_FLOOR,
}

_TRAPS: Final = (DivisionByZero, InvalidOperation, Overflow, Subnormal, Underflow)
_EXACT_DIGITS: Final = 100
_DIVISION_DIGITS: Final = 34
# A sum, quotient or remainder of two numbers within bounds has at most 1,600 digits.
_WIDE_DIGITS: Final = 1_700
_LONGEST_NUMERIC: Final = 2_000
_EXACT_INTEGER: Final = 10**_EXACT_DIGITS
_MAX_INTEGER: Final = 10**MAX_DIGITS
_NUMERIC: Final = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*")


def _context(digits: int, exponent: int = MAX_EXPONENT, rounding: str = ROUND_HALF_EVEN) -> Context:
    return Context(
        prec=digits,
        rounding=rounding,
        Emin=-exponent,
        Emax=exponent,
        capitals=1,
        clamp=0,
        flags=[],
        traps=list(_TRAPS),
    )


_exact: Final = _context(_EXACT_DIGITS)
_division: Final = _context(_DIVISION_DIGITS)
_wide: Final = _context(_WIDE_DIGITS, 3 * _WIDE_DIGITS)
_rounding: Final = {
    mode: _context(_WIDE_DIGITS, 3 * _WIDE_DIGITS, rounding)
    for mode, rounding in ROUNDING_MODES.items()
}


def add(left: Number, right: Number) -> Number:
    """Return left + right."""
    if left.__class__ is int and right.__class__ is int:
        return _integer(left + right)  # pyright: ignore[reportArgumentType]  both are int here
    return _performed(_exact.add, left, right)


def subtract(left: Number, right: Number) -> Number:
    """Return left - right."""
    if left.__class__ is int and right.__class__ is int:
        return _integer(left - right)  # pyright: ignore[reportArgumentType]  both are int here
    return _performed(_exact.subtract, left, right)


def multiply(left: Number, right: Number) -> Number:
    """Return the product."""
    if left.__class__ is int and right.__class__ is int:
        return _integer(left * right)  # pyright: ignore[reportArgumentType]  both are int here
    return _performed(_exact.multiply, left, right)


def divide(left: Number, right: Number) -> Number:
    """Return the quotient to 34 digits; raises Fault for a zero divisor."""
    if not right:
        raise Fault("division by zero")
    return _performed(_division.divide, left, right)


def remainder(left: Number, right: Number) -> Number:
    """Return what whole division leaves, with the dividend's sign; Fault for a zero divisor."""
    if not right:
        raise Fault("division by zero")
    return _performed(_remainder, left, right)


def negate(number: Number) -> Number:
    """Return the number with the other sign and the same digits."""
    if isinstance(number, int):
        return -number
    return number.copy_negate() if number else number


def absolute(number: Number) -> Number:
    """Return the number without its sign, with the same digits."""
    return abs(number) if isinstance(number, int) else number.copy_abs()


def trimmed(number: Number) -> Number:
    """Return the number without trailing zeros; equal numbers become the same."""
    if isinstance(number, int):
        return number
    whole = int(number)
    return whole if whole == number else number.normalize(_wide)


def round_to(number: Number, places: int, mode: str) -> Number:
    """Return the number with exactly `places` places; `mode` is a key of ROUNDING_MODES.

    Negative places round to tens, hundreds and so on, and give a whole number.
    """
    unit = Decimal((0, (1,), -places))
    value = _rounding[mode].quantize(Decimal(number), unit)
    if places <= 0:
        return within_bounds(int(value))
    return within_bounds(value or value.copy_abs())


def numeric(text: str) -> Number | None:
    """Read a number from text, with its digits; None when the text is not a number.

    Raises Fault for a number beyond the bounds.
    """
    match = _NUMERIC.fullmatch(text) if len(text) <= _LONGEST_NUMERIC else None
    if match is None:
        return None
    try:
        value = Decimal(match[1])
    except InvalidOperation:
        raise Fault(f"the number's exponent is beyond ±{MAX_EXPONENT}") from None
    within_bounds(value)
    if not value and value.is_signed():
        value = value.copy_abs()
    return value if any(mark in text for mark in ".eE") else int(value)


def plain(number: Number) -> str:
    """Write a number without an exponent, with the digits it has."""
    return str(number) if isinstance(number, int) else f"{number:f}"


def within_bounds(number: Number) -> Number:
    """Return the number; raises Fault when it has too many digits or too large an exponent."""
    if isinstance(number, int):
        if not -_MAX_INTEGER < number < _MAX_INTEGER:
            raise Fault(f"the result has more than {MAX_DIGITS} digits")
    elif len(number.as_tuple().digits) > MAX_DIGITS:
        raise Fault(f"the result has more than {MAX_DIGITS} digits")
    elif abs(number.adjusted()) > MAX_EXPONENT:
        raise Fault(f"the result's exponent is beyond ±{MAX_EXPONENT}")
    return number


def _integer(value: int) -> Number:
    if -_EXACT_INTEGER < value < _EXACT_INTEGER:
        return value
    return _performed(_exact.plus, Decimal(value))


def _remainder(left: Number, right: Number) -> Decimal:
    return _exact.plus(_wide.remainder(left, right))


def _performed(operation: Callable[..., Decimal], *operands: Number) -> Number:
    """Perform an operation and drop trailing zeros: a whole result is an int."""
    try:
        result = operation(*operands)
        whole = int(result)
        if whole == result and -_MAX_INTEGER < whole < _MAX_INTEGER:
            return whole
        return result.normalize(_exact)
    except (Underflow, Subnormal):
        raise Fault(f"the result is smaller than 1e-{MAX_EXPONENT}") from None
    except Overflow:
        raise Fault(f"the result is larger than 1e{MAX_EXPONENT}") from None
    except DecimalException:
        raise Fault("the result cannot be computed within bounds") from None
