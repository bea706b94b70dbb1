"""What the operators do with two values, charged to a budget; mixed types raise Fault."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from justpaid.exact_json import JsonValue
from justpaid.expressions import decimals
from justpaid.expressions.budget import Budget
from justpaid.expressions.decimals import Number
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import (
    compare,
    contains,
    described,
    equals,
    is_number,
    to_text,
)

Operator: TypeAlias = Callable[[JsonValue, JsonValue, Budget], JsonValue]

# A remainder may take many digits of intermediate work.
_REMAINDER_UNITS: Final = 10


def add(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Add two numbers, or join when one side is a string."""
    if is_number(left) and is_number(right):
        return decimals.add(left, right)
    if isinstance(left, str) or isinstance(right, str):
        first, second = to_text(left, budget), to_text(right, budget)
        budget.charge_text(len(first) + len(second))
        return first + second
    raise _not_numbers("add", left, "and", right)


def subtract(left: JsonValue, right: JsonValue, _budget: Budget) -> JsonValue:
    """Subtract a number from a number."""
    if is_number(left) and is_number(right):
        return decimals.subtract(left, right)
    raise _not_numbers("subtract", right, "from", left)


def multiply(left: JsonValue, right: JsonValue, _budget: Budget) -> JsonValue:
    """Multiply two numbers."""
    if is_number(left) and is_number(right):
        return decimals.multiply(left, right)
    raise _not_numbers("multiply", left, "by", right)


def divide(left: JsonValue, right: JsonValue, _budget: Budget) -> JsonValue:
    """Divide a number by a number."""
    if is_number(left) and is_number(right):
        return decimals.divide(left, right)
    raise _not_numbers("divide", left, "by", right)


def remainder(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Return what whole division of two numbers leaves."""
    if is_number(left) and is_number(right):
        budget.charge(_REMAINDER_UNITS)
        return decimals.remainder(left, right)
    raise _not_numbers("divide", left, "by", right)


def negate(value: JsonValue) -> JsonValue:
    """Return a number with the other sign."""
    if is_number(value):
        return decimals.negate(value)
    raise Fault(f"`-` needs a number, found {described(value)}")


def is_equal(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether two values are equal."""
    if is_number(left) and is_number(right):
        return left == right
    return equals(left, right, budget)


def is_different(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether two values differ."""
    return not equals(left, right, budget)


def is_less(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether left comes before right."""
    if is_number(left) and is_number(right):
        return left < right
    return compare(left, right, budget) < 0


def is_at_most(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether left does not come after right."""
    if is_number(left) and is_number(right):
        return left <= right
    return compare(left, right, budget) <= 0


def is_greater(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether left comes after right."""
    if is_number(left) and is_number(right):
        return left > right
    return compare(left, right, budget) > 0


def is_at_least(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether left does not come before right."""
    if is_number(left) and is_number(right):
        return left >= right
    return compare(left, right, budget) >= 0


def is_in(left: JsonValue, right: JsonValue, budget: Budget) -> JsonValue:
    """Tell whether the right side holds the left one."""
    return contains(right, left, budget)


def at(value: JsonValue, key: JsonValue) -> JsonValue:
    """Read a computed segment: a key of an object, a number of an array, null for what is not."""
    if value is None or key is None:
        return None
    if isinstance(key, str):
        return value.get(key) if isinstance(value, dict) else None
    index = _whole(key) if is_number(key) else None
    if index is None:
        raise Fault(f"a segment is a string or a whole number, found {described(key)}")
    if isinstance(value, list):
        return value[index] if 0 <= index < len(value) else None
    return value.get(str(index)) if isinstance(value, dict) else None


def _whole(number: Number) -> int | None:
    if isinstance(number, int):
        return number
    whole = int(number)
    return whole if whole == number else None


def _not_numbers(verb: str, left: JsonValue, word: str, right: JsonValue) -> Fault:
    return Fault(f"cannot {verb} {described(left)} {word} {described(right)}")


OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {
        "+": add,
        "-": subtract,
        "*": multiply,
        "/": divide,
        "%": remainder,
        "==": is_equal,
        "===": is_equal,
        "!=": is_different,
        "!==": is_different,
        "<": is_less,
        "<=": is_at_most,
        ">": is_greater,
        ">=": is_at_least,
        "in": is_in,
    }
)
