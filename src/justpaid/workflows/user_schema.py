"""JSON Schemas that users write for a workflow's input and output.

Guarantee: a stored schema refers to nothing outside itself, and checking a value against it costs
work in proportion to the value.
"""

from dataclasses import dataclass
from typing import Final

from jsonschema_rs import Draft202012Validator, ValidationError, Validator

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue, encode
from justpaid.workflows.json_schema import (
    DIALECT,
    count_values,
    problems_of,
    safe_validator,
    schema_problems,
)
from justpaid.workflows.schema_cost import CostlySchema, unfolded_size

MAX_BYTES: Final = 128 * 1024
MAX_PATTERNS: Final = 50  # each may take a few milliseconds and a megabyte to compile
# A value's parts times the schema's: past the first bound nothing is checked at all, past the
# second the places of what is wrong are not collected (each costs some 10 µs).
_MAX_WORK: Final = 100_000_000
_MAX_WORK_WITH_PLACES: Final = 300_000

_meta_validator: Final = Draft202012Validator({"$ref": DIALECT}, mask="the value", offline=True)


@dataclass(frozen=True, slots=True, eq=False)
class UserSchema:
    """A compiled schema; `source` is what the user wrote, `size` its parts unfolded."""

    source: JsonObject | bool
    size: int
    validator: Validator

    def problems(self, value: JsonValue, path: str = "") -> list[Problem]:
        """Return what is wrong with a value, each with its path; numbers compare exactly."""
        values = count_values(value, _MAX_WORK)
        if values * self.size > _MAX_WORK:
            return [Problem(path, "is too large to be checked against its schema")]
        if self.validator.is_valid(value):
            return []
        if values * self.size > _MAX_WORK_WITH_PLACES:
            return [Problem(path, "does not match its schema (it is too large to say where)")]
        return schema_problems(self.validator, value, path)


def compile_user_schema(schema: JsonValue, path: str, problems: list[Problem]) -> UserSchema | None:
    """Compile a schema; None, with everything that is wrong in `problems`, if it cannot be used."""
    if isinstance(schema, bool):
        return UserSchema(schema, 1, safe_validator({} if schema else {"not": {}}))
    if not isinstance(schema, dict):
        problems.append(Problem(path, "must be a JSON Schema: an object, true or false"))
        return None
    found = _mistakes(schema, path)
    if not found:
        try:
            return UserSchema(schema, unfolded_size(schema), safe_validator(schema))
        except CostlySchema as error:
            found = [Problem(path, f"the schema {error}")]
        except ValidationError as error:
            found = problems_of(error, path)
    problems.extend(found)
    return None


def _mistakes(schema: JsonObject, path: str) -> list[Problem]:
    if len(encode(schema)) > MAX_BYTES:
        return [Problem(path, f"is larger than {MAX_BYTES} bytes")]
    if _count_patterns(schema) > MAX_PATTERNS:
        return [Problem(path, f"has more than {MAX_PATTERNS} patterns")]
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.removesuffix("#") != DIALECT:
        return [Problem(f"{path}.$schema", f"must be {DIALECT}")]
    return schema_problems(_meta_validator, schema, path)


def _count_patterns(schema: JsonValue) -> int:
    count = 0
    waiting: list[JsonValue] = [schema]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, list):
            waiting.extend(inner)
        elif isinstance(inner, dict):
            waiting.extend(inner.values())
            count += isinstance(inner.get("pattern"), str)
            named = inner.get("patternProperties")
            count += len(named) if isinstance(named, dict) else 0
    return count
