"""Functions on numbers: rounding, sign, extremes and sums, all exact."""

from justpaid.exact_json import MAX_EXPONENT, JsonValue
from justpaid.expressions import arguments, decimals
from justpaid.expressions.arguments import ItemFunction, wrong
from justpaid.expressions.budget import Budget
from justpaid.expressions.decimals import ROUNDING_MODES, Number
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import compare, described, is_number


def round_number(
    budget: Budget, value: JsonValue, places: JsonValue = 0, mode: JsonValue = "half_up"
) -> JsonValue:
    """Round to exactly so many places; half away from zero unless a mode is named."""
    number = arguments.some_number(value, 0)
    digits = arguments.whole(places, 1, -MAX_EXPONENT, MAX_EXPONENT)
    if not isinstance(mode, str) or mode not in ROUNDING_MODES:
        raise wrong(2, f"one of {', '.join(ROUNDING_MODES)}", mode)
    budget.charge(1)
    return decimals.round_to(number, digits, mode)


def floor(_budget: Budget, value: JsonValue) -> JsonValue:
    """Round down to a whole number."""
    return decimals.round_to(arguments.some_number(value, 0), 0, "floor")


def ceil(_budget: Budget, value: JsonValue) -> JsonValue:
    """Round up to a whole number."""
    return decimals.round_to(arguments.some_number(value, 0), 0, "ceiling")


def absolute(_budget: Budget, value: JsonValue) -> JsonValue:
    """Return a number without its sign, with the same digits."""
    return decimals.absolute(arguments.some_number(value, 0))


def minimum(budget: Budget, *items: JsonValue) -> JsonValue:
    """Return the least of several values or of one array; null when there is none."""
    return _extreme(budget, items, -1)


def maximum(budget: Budget, *items: JsonValue) -> JsonValue:
    """Return the greatest of several values or of one array; null when there is none."""
    return _extreme(budget, items, 1)


def total(budget: Budget, items: JsonValue, amount: ItemFunction | None = None) -> JsonValue:
    """Add up an array of numbers, or what a function says of each item."""
    result: Number = 0
    for index, item in enumerate(arguments.array(items, 0)):
        value = item if amount is None else amount(item, index)
        budget.charge(1)
        if not is_number(value):
            raise Fault(f"item {index} must be a number, found {described(value)}", argument=0)
        result = decimals.add(result, value)
    return result


def _extreme(budget: Budget, items: tuple[JsonValue, ...], sign: int) -> JsonValue:
    found = items[0] if len(items) == 1 and isinstance(items[0], list) else [*items]
    best: JsonValue = None
    for index, item in enumerate(found):
        budget.charge(1)
        if not is_number(item) and not isinstance(item, str):
            raise Fault(f"item {index} must be a number or a string, found {described(item)}")
        if best is None or compare(item, best, budget) * sign > 0:
            best = item
    return best
