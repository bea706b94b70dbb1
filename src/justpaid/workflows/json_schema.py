"""JSON Schema 2020-12 checks whose problems carry our paths, also for schemas that users write.

Guarantee: checking never fetches a reference, never backtracks in a pattern, compares numbers as
exact decimals, and costs no more than a bounded multiple of the value's size.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from jsonschema_rs import (
    Draft202012Validator,
    RegexOptions,
    ValidationError,
    ValidationErrorKind,
    Validator,
)

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue, join_path

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MAX_PROBLEMS: Final = 100
# The library builds all its errors before it hands out the first: past this, only the first is
# asked for, or a megabyte of wrong items would cost seconds.
_MAX_VALUES_FOR_ALL_ERRORS: Final = 5_000
_MASK: Final = "the value"  # messages must not repeat what was sent: it may be a secret
_PATTERNS: Final = RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20)


def safe_validator(schema: JsonObject) -> Validator:
    """Compile a schema; raises ValidationError when it is none.

    Safe for a user's schema once `schema_cost` has counted what it may cost.
    """
    return Draft202012Validator(
        schema, mask=_MASK, pattern_options=_PATTERNS, validate_formats=True, offline=True
    )


def schema_problems(validator: Validator, value: JsonValue, path: str) -> list[Problem]:
    """Return what a schema finds wrong with a value, each with its path below `path`."""
    problems: list[Problem] = []
    for error in errors_of(validator, value):
        problems.extend(problems_of(error, path))
    return problems[:MAX_PROBLEMS]


def errors_of(validator: Validator, value: JsonValue) -> list[ValidationError]:
    """Return the errors of a value: all of them up to a bound, the first of a very large value."""
    if validator.is_valid(value):
        return []
    if count_values(value, _MAX_VALUES_FOR_ALL_ERRORS) < _MAX_VALUES_FOR_ALL_ERRORS:
        return list(islice(validator.iter_errors(value), MAX_PROBLEMS))
    try:
        validator.validate(value)
    except ValidationError as error:
        return [error]
    return []


def problems_of(error: ValidationError, path: str) -> list[Problem]:
    """Turn one error into problems; an unknown or a missing field is named by its own path."""
    where = extend_path(path, error.instance_path)
    match error.kind:
        case ValidationErrorKind.AdditionalProperties(
            unexpected
        ) | ValidationErrorKind.UnevaluatedProperties(unexpected):
            return [Problem(join_path(where, name), "is not a known field") for name in unexpected]
        case ValidationErrorKind.Required(name):
            return [Problem(join_path(where, name), "is required")]
        case _:
            return [Problem(where, _message(error))]


def extend_path(path: str, parts: Iterable[str | int]) -> str:
    """Append the parts of an error's place to a path."""
    for part in parts:
        path = join_path(path, part)
    return path


def count_values(value: JsonValue, limit: int) -> int:
    """Count the values that a value is made of, up to a limit."""
    count = 0
    waiting: list[JsonValue] = [value]
    while waiting and count < limit:
        inner = waiting.pop()
        count += 1
        if isinstance(inner, dict):
            waiting.extend(inner.values())
        elif isinstance(inner, list):
            waiting.extend(inner)
    return count


_WORDS: Final = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _message(error: ValidationError) -> str:
    match error.kind:
        case ValidationErrorKind.Type(types):
            return "must be " + " or ".join(_WORDS.get(word, word) for word in types)
        case ValidationErrorKind.Enum(options):
            return "must be one of " + ", ".join(str(option) for option in options)
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            return "has none of the allowed forms"
        case ValidationErrorKind.OneOfMultipleValid():
            return "has more than one of the forms that exclude each other"
        case ValidationErrorKind.Format(name):
            return f"is not a valid {name}"
        case _:
            return error.message.removeprefix(f"{_MASK} ")
