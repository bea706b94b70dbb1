"""Finds `writeOnly` in a schema: a promise that an input, which people can read, cannot keep."""

from collections.abc import Iterator
from typing import Final

from justpaid.exact_json import JsonValue, join_path

WHY_NOT: Final = (
    "is not supported: a run's input is stored so that people can read it. "
    "Keep secrets in a connection"
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
