"""The form of an event filter: dot paths with operators, joined by `$and`, `$or` and `$not`."""

from collections.abc import Callable
from typing import Final, cast

import re2  # pyright: ignore[reportMissingTypeStubs]  the package has no types

from justpaid.errors import Problem
from justpaid.exact_json import JsonValue, join_path

OPERATORS: Final = frozenset(
    {
        "$eq",
        "$ne",
        "$gt",
        "$gte",
        "$lt",
        "$lte",
        "$in",
        "$nin",
        "$exists",
        "$contains",
        "$regex",
    }
)
MAX_VALUES: Final = 1_000
_LISTS: Final = frozenset({"$and", "$or"})
_MAX_PATTERN: Final = 1_000
_MAX_MEMORY: Final = 1 << 19  # bytes of a compiled pattern, as in expressions
# The package has no types; these are all of it that is used.
_Error: Final = cast("type[Exception]", re2.error)  # pyright: ignore[reportUnknownMemberType]
_compile: Final = cast("Callable[[str, re2.Options], object]", re2.compile)  # pyright: ignore[reportUnknownMemberType]


def check_filter(value: JsonValue, path: str, problems: list[Problem]) -> None:
    """Report everything in a filter that could not be matched against an event."""
    if not isinstance(value, dict):
        problems.append(Problem(path, "must be an object"))
        return
    for name, inner in value.items():
        place = join_path(path, name)
        if name in _LISTS:
            _check_list(inner, place, problems)
        elif name == "$not":
            check_filter(inner, place, problems)
        elif name.startswith("$"):
            problems.append(Problem(place, "is not a known operator here"))
        elif not all(name.split(".")):
            problems.append(Problem(place, "must be a dot path such as data.object.amount"))
        else:
            _check_operators(inner, place, problems)


def _check_list(value: JsonValue, path: str, problems: list[Problem]) -> None:
    if not isinstance(value, list) or not value:
        problems.append(Problem(path, "must be a list of one or more filters"))
        return
    for index, inner in enumerate(value):
        check_filter(inner, f"{path}[{index}]", problems)


def _check_operators(value: JsonValue, path: str, problems: list[Problem]) -> None:
    if not isinstance(value, dict) or not value:
        problems.append(Problem(path, "must be an object of operators such as {$eq: …}"))
        return
    for operator, operand in value.items():
        place = join_path(path, operator)
        if operator == "$not":
            _check_operators(operand, place, problems)
        elif operator not in OPERATORS:
            problems.append(Problem(place, "is not a known operator"))
        else:
            message = _operand_mistake(operator, operand)
            if message:
                problems.append(Problem(place, message))


def _operand_mistake(operator: str, operand: JsonValue) -> str | None:
    if operator in {"$in", "$nin"} and not isinstance(operand, list):
        return "must be a list"
    if operator == "$exists" and not isinstance(operand, bool):
        return "must be true or false"
    if operator == "$regex":
        return _pattern_mistake(operand)
    return None


def _pattern_mistake(operand: JsonValue) -> str | None:
    if not isinstance(operand, str) or len(operand) > _MAX_PATTERN:
        return f"must be a pattern of at most {_MAX_PATTERN} characters"
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        _compile(operand, options)
    except _Error:
        return "is not a valid RE2 pattern"
    return None
