"""Functions on objects: their keys and values, and objects made from others."""

from typing import Final

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions import arguments
from justpaid.expressions.arguments import wrong
from justpaid.expressions.budget import Budget
from justpaid.expressions.operators import at

_INDEX_DIGITS: Final = 9


def keys(budget: Budget, value: JsonValue) -> JsonValue:
    """Return the names of an object's fields, in order."""
    fields = arguments.fields(value, 0)
    budget.charge(1 + len(fields))
    return [*fields]


def values(budget: Budget, value: JsonValue) -> JsonValue:
    """Return the values of an object's fields, in order."""
    fields = arguments.fields(value, 0)
    budget.charge(1 + len(fields))
    return [*fields.values()]


def merge(budget: Budget, *objects: JsonValue) -> JsonValue:
    """Return one object with the fields of all; of equal names the last one wins."""
    merged: JsonObject = {}
    for number, value in enumerate(objects):
        fields = arguments.fields(value, number)
        budget.charge(1 + len(fields))
        merged.update(fields)
    return merged


def pick(budget: Budget, value: JsonValue, *names: JsonValue) -> JsonValue:
    """Return an object with the named fields only."""
    fields, wanted = arguments.fields(value, 0), arguments.keys(names, 1)
    budget.charge(1 + len(wanted))
    return {name: fields[name] for name in wanted if name in fields}


def omit(budget: Budget, value: JsonValue, *names: JsonValue) -> JsonValue:
    """Return an object without the named fields."""
    fields, unwanted = arguments.fields(value, 0), set(arguments.keys(names, 1))
    budget.charge(1 + len(unwanted) + len(fields))
    return {name: item for name, item in fields.items() if name not in unwanted}


def get(budget: Budget, value: JsonValue, path: JsonValue, other: JsonValue = None) -> JsonValue:
    """Read a path given as text (`a.b.0`) or as an array of segments; `other` when it is null."""
    if isinstance(path, str):
        budget.charge_text(len(path))
    segments: list[JsonValue] = path if isinstance(path, list) else _segments(path)
    for segment in segments:
        budget.charge(1)
        if value is None:
            break
        if not isinstance(segment, str | int) or isinstance(segment, bool):
            raise wrong(1, "a path such as 'a.b.0', or an array of its segments", segment)
        if isinstance(value, list) and isinstance(segment, str) and _is_index(segment):
            value = at(value, int(segment))
        else:
            value = at(value, segment)
    return other if value is None else value


def _segments(path: JsonValue) -> list[JsonValue]:
    if isinstance(path, str):
        return [*path.split(".")]
    if isinstance(path, int) and not isinstance(path, bool):
        return [path]
    raise wrong(1, "a path such as 'a.b.0', or an array of its segments", path)


def _is_index(segment: str) -> bool:
    return segment.isascii() and segment.isdigit() and len(segment) <= _INDEX_DIGITS
