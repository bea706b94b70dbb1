"""`writeOnly` fields of an input: where they stand, and how they are told apart from the rest.

Guarantee: what is shown of an input holds nothing of a field that its schema calls writeOnly; put
together again with what was hidden, it is the input as it was given.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from justpaid.exact_json import JsonValue, join_path
from justpaid.outbound.masking import MASK

# Names of fields from the top; None stands for every item of a list.
SecretPlace: TypeAlias = tuple[str | None, ...]
# Where a value stood in the input, and the value.
Hidden: TypeAlias = tuple[tuple[str | int, ...], JsonValue]

WHY_NOT: Final = (
    "stands where it cannot be kept: it is for fields that are reached from the top by "
    "`properties` and `items` alone"
)

# What these hold is data, or schemas by names that somebody chose: no name there is a keyword.
_DATA: Final = frozenset({"const", "enum", "default", "examples"})
_BY_NAME: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)


def find_write_only(schema: JsonValue, path: str) -> Iterator[str]:
    """Give the path of every `writeOnly: true` in a schema."""
    if isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from find_write_only(inner, join_path(path, index))
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        where = join_path(path, keyword)
        if keyword == "writeOnly" and value is True:
            yield where
        elif keyword in _BY_NAME and isinstance(value, dict):
            for name, inner in value.items():
                yield from find_write_only(inner, join_path(where, name))
        elif keyword not in _DATA:
            yield from find_write_only(value, where)


def find_secret_places(schema: JsonValue) -> tuple[SecretPlace, ...]:
    """Return where an input's writeOnly fields stand, by `properties` and `items` alone."""
    return tuple(place for place, _ in _walk(schema, (), ""))


def list_misplaced(schema: JsonValue, path: str) -> list[str]:
    """List the path of every writeOnly that says nothing about a place of the input."""
    understood = {where for _, where in _walk(schema, (), path)}
    return [where for where in find_write_only(schema, path) if where not in understood]


def _walk(schema: JsonValue, place: SecretPlace, path: str) -> Iterator[tuple[SecretPlace, str]]:
    if not isinstance(schema, dict):
        return
    if place and schema.get("writeOnly") is True:
        yield place, join_path(path, "writeOnly")
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, inner in properties.items():
            where = join_path(join_path(path, "properties"), name)
            yield from _walk(inner, (*place, name), where)
    yield from _walk(schema.get("items"), (*place, None), join_path(path, "items"))


def is_hidden(places: Sequence[SecretPlace], path: Sequence[str]) -> bool:
    """Tell whether what is read at a path of the input is hidden; not so of what is around it."""
    return any(
        len(path) >= len(place)
        and all(name is None or name == read for name, read in zip(place, path, strict=False))
        for place in places
    )


def conceal(places: Sequence[SecretPlace], value: JsonValue) -> tuple[JsonValue, list[Hidden]]:
    """Return an input with a mask in the place of what is hidden, and what that is."""
    hidden: list[Hidden] = []
    for place in places:
        value = _conceal(place, value, (), hidden)
    return value, hidden


def _conceal(
    place: SecretPlace, value: JsonValue, path: tuple[str | int, ...], hidden: list[Hidden]
) -> JsonValue:
    if not place:
        if value is None or value == MASK:
            return value
        hidden.append((path, value))
        return MASK
    name, rest = place[0], place[1:]
    if name is None and isinstance(value, list):
        return [_conceal(rest, item, (*path, at), hidden) for at, item in enumerate(value)]
    if name is not None and isinstance(value, dict) and name in value:
        return {**value, name: _conceal(rest, value[name], (*path, name), hidden)}
    return value


def reveal(shown: JsonValue, hidden: Sequence[Hidden]) -> JsonValue:
    """Put an input together again."""
    for path, value in hidden:
        shown = _put(shown, path, value)
    return shown


def _put(shown: JsonValue, path: tuple[str | int, ...], value: JsonValue) -> JsonValue:
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(shown, dict) and isinstance(name, str):
        return {**shown, name: _put(shown.get(name), rest, value)}
    if isinstance(shown, list) and isinstance(name, int) and name < len(shown):
        return [_put(item, rest, value) if at == name else item for at, item in enumerate(shown)]
    return shown
