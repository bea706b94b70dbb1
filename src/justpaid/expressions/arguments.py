"""Checks of function arguments: each names the argument, what it must be and what was found."""

from collections.abc import Callable
from typing import TypeAlias

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.decimals import Number
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import described, is_number

ItemFunction: TypeAlias = Callable[[JsonValue, int], JsonValue]


def wrong(number: int, wanted: str, found: JsonValue | ItemFunction) -> Fault:
    """Say that argument `number` (from 0) is not what it must be."""
    shown = "a function" if callable(found) else described(found)
    return Fault(f"argument {number + 1} must be {wanted}, found {shown}", argument=number)


def text(value: JsonValue, number: int) -> str:
    """Return a string argument."""
    if not isinstance(value, str):
        raise wrong(number, "a string", value)
    return value


def some_number(value: JsonValue, number: int) -> Number:
    """Return a numeric argument."""
    if not is_number(value):
        raise wrong(number, "a number", value)
    return value


def whole(value: JsonValue, number: int, low: int, high: int) -> int:
    """Return a whole number between two bounds, both included."""
    if is_number(value) and value == (result := int(value)) and low <= result <= high:
        return result
    raise wrong(number, f"a whole number from {low:,} to {high:,}", value)


def array(value: JsonValue, number: int) -> list[JsonValue]:
    """Return an array argument."""
    if not isinstance(value, list):
        raise wrong(number, "an array", value)
    return value


def fields(value: JsonValue, number: int) -> JsonObject:
    """Return an object argument."""
    if not isinstance(value, dict):
        raise wrong(number, "an object", value)
    return value


def key(value: JsonValue, number: int) -> str:
    """Return the name of a field: a string, or a whole number as its digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise wrong(number, "the name of a field", value)


def keys(values: tuple[JsonValue, ...], first: int) -> list[str]:
    """Return names of fields, given one by one or as one array; `first` is their first number."""
    if len(values) == 1 and isinstance(values[0], list):
        return [key(value, first) for value in values[0]]
    return [key(value, first + offset) for offset, value in enumerate(values)]
