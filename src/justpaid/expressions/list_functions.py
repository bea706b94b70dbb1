"""Functions on arrays; those that take a function call it once per item, in order."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions import arguments, decimals, values
from justpaid.expressions.arguments import ItemFunction, wrong
from justpaid.expressions.budget import CHARACTERS_PER_UNIT, Budget
from justpaid.expressions.decimals import Number
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import described, is_number, is_truthy

_ORDERS: Final = ("asc", "desc")


def map_items(_budget: Budget, items: JsonValue, function: ItemFunction) -> JsonValue:
    """Return what the function makes of each item."""
    return [function(item, index) for index, item in enumerate(arguments.array(items, 0))]


def filter_items(_budget: Budget, items: JsonValue, function: ItemFunction) -> JsonValue:
    """Return the items for which the function is true."""
    array = arguments.array(items, 0)
    return [item for index, item in enumerate(array) if is_truthy(function(item, index))]


def find(_budget: Budget, items: JsonValue, function: ItemFunction) -> JsonValue:
    """Return the first item for which the function is true, or null."""
    for index, item in enumerate(arguments.array(items, 0)):
        if is_truthy(function(item, index)):
            return item
    return None


def any_item(budget: Budget, items: JsonValue, function: ItemFunction | None = None) -> JsonValue:
    """Tell whether some item is true, or the function is for it."""
    for index, item in enumerate(arguments.array(items, 0)):
        budget.charge(1)
        if is_truthy(item if function is None else function(item, index)):
            return True
    return False


def all_items(budget: Budget, items: JsonValue, function: ItemFunction | None = None) -> JsonValue:
    """Tell whether every item is true, or the function is for it."""
    for index, item in enumerate(arguments.array(items, 0)):
        budget.charge(1)
        if not is_truthy(item if function is None else function(item, index)):
            return False
    return True


def sort(
    budget: Budget,
    items: JsonValue,
    by: ItemFunction | JsonValue = "asc",
    order: JsonValue = "asc",
) -> JsonValue:
    """Order items by value or by what a function says of them; equal ones keep their order.

    Numbers or strings, not both; nulls come last whatever the order.
    """
    array = arguments.array(items, 0)
    if callable(by):
        keys = [by(item, index) for index, item in enumerate(array)]
        direction, place = order, 2
    else:
        keys, direction, place = array, by, 1
    if direction not in _ORDERS:
        raise wrong(place, "'asc' or 'desc'", direction)
    _check_sortable(keys, budget)
    present = [place for place, key in enumerate(keys) if key is not None]
    absent = [place for place, key in enumerate(keys) if key is None]

    def rank(place: int) -> Number | str:
        key = keys[place]
        return key if isinstance(key, int | Decimal | str) else 0

    present.sort(key=rank, reverse=direction == "desc")  # pyright: ignore[reportArgumentType, reportCallIssue]  one type, checked above
    return [array[place] for place in present + absent]


def unique(budget: Budget, items: JsonValue, by: ItemFunction | None = None) -> JsonValue:
    """Return the items without repetitions, of equal ones the first."""
    seen: set[object] = set()
    kept: list[JsonValue] = []
    for index, item in enumerate(arguments.array(items, 0)):
        value = item if by is None else by(item, index)
        values.charge_value(value, budget)
        budget.charge(1)
        identity = _identity(value)
        if identity not in seen:
            seen.add(identity)
            kept.append(item)
    return kept


def flatten(budget: Budget, items: JsonValue) -> JsonValue:
    """Replace the arrays in an array by their items, one level deep."""
    flat: list[JsonValue] = []
    for item in arguments.array(items, 0):
        parts = item if isinstance(item, list) else [item]
        budget.charge(1 + len(parts))
        flat.extend(parts)
    return flat


def group_by(budget: Budget, items: JsonValue, by: ItemFunction) -> JsonValue:
    """Gather items in an object, under the text of what the function says of them."""
    groups: dict[str, list[JsonValue]] = {}
    for index, item in enumerate(arguments.array(items, 0)):
        value = by(item, index)
        if isinstance(value, list | dict):
            raise Fault(f"item {index} cannot be grouped by {described(value)}", argument=1)
        groups.setdefault(values.to_text(value, budget), []).append(item)
    result: JsonObject = {**groups}
    return result


def _check_sortable(keys: Sequence[JsonValue], budget: Budget) -> None:
    """Refuse keys of mixed types, and charge what comparing them can cost at most."""
    rounds = len(keys).bit_length()
    budget.charge(len(keys) * max(1, rounds))
    kind = None
    for index, key in enumerate(keys):
        if key is None:
            continue
        if not isinstance(key, str) and not is_number(key):
            raise Fault(f"item {index} cannot be ordered: found {described(key)}")
        if kind is not None and kind is not isinstance(key, str):
            raise Fault(f"numbers and strings cannot be ordered together (item {index})")
        kind = isinstance(key, str)
        if isinstance(key, str):
            budget.charge(len(key) * rounds // CHARACTERS_PER_UNIT)


def _identity(value: JsonValue) -> object:
    """Return what is equal for equal values only.

    Numbers become text: their own hashes can be made to collide, which those of text cannot.
    """
    if isinstance(value, list):
        return ("array", tuple([_identity(item) for item in value]))
    if isinstance(value, dict):
        return ("object", frozenset([(key, _identity(item)) for key, item in value.items()]))
    if is_number(value):
        return ("number", decimals.plain(decimals.trimmed(value)))
    return (values.type_name(value), value)
