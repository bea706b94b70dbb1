"""A step's config held to its type's schema, before and after its templates are resolved.

As written, a template may stand where the schema wants a number or an object: nobody can tell yet
what it yields. Once resolved, the schema holds without exception.
"""

from typing import Final, TypeAlias

from jsonschema_rs import ValidationError, ValidationErrorKind, Validator

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.template_text import split
from justpaid.workflows.json_schema import MAX_PROBLEMS, errors_of, problems_of, schema_problems
from justpaid.workflows.step_types import StepType

_OPENING: Final = "{{"
_Place: TypeAlias = list[str | int]

# Kinds that say something of a container as a whole which a template inside it may still change.
_OPEN_KINDS: Final = (
    ValidationErrorKind.Not,
    ValidationErrorKind.UniqueItems,
    ValidationErrorKind.Contains,
    ValidationErrorKind.Constant,
    ValidationErrorKind.Enum,
    ValidationErrorKind.OneOfMultipleValid,
)


def check_written_config(validator: Validator, config: JsonObject, path: str) -> list[Problem]:
    """Return what is wrong with a config as written, whatever its templates will yield.

    For step types whose schema depends on the step (an action's parameters) as well.
    """
    problems: list[Problem] = []
    for error in errors_of(validator, config):
        if not _is_excused(error, config):
            problems.extend(problems_of(error, path))
    return problems[:MAX_PROBLEMS]


def check_resolved_config(
    step_type: StepType, config: JsonObject, path: str = "config"
) -> list[Problem]:
    """Return what is wrong with a whole config after its templates gave way to their values."""
    return schema_problems(step_type.config_validator, config, path)


def _is_excused(error: ValidationError, config: JsonValue) -> bool:
    value = _value_at(config, error.instance_path)
    if isinstance(value, str):
        return _is_excused_text(error, value, config)
    match error.kind:
        case ValidationErrorKind.AnyOf(context) | ValidationErrorKind.OneOfNotValid(context):
            return _has_open_form(context, config)
        case _:
            return isinstance(error.kind, _OPEN_KINDS) and _holds_template(value)


def _is_excused_text(error: ValidationError, text: str, config: JsonValue) -> bool:
    parts = list(split(text)) if _OPENING in text else []
    if all(isinstance(part, str) for part in parts):
        return False
    if len(parts) == 1:
        return True  # one whole template: it may yield anything
    # Text with templates in it: a text for certain, and nothing more is known of it.
    match error.kind:
        case ValidationErrorKind.Type():
            return False
        case ValidationErrorKind.AnyOf(context) | ValidationErrorKind.OneOfNotValid(context):
            return _has_open_form(context, config)
        case _:
            return True


def _has_open_form(context: list[list[ValidationError]], config: JsonValue) -> bool:
    return any(all(_is_excused(error, config) for error in form) for form in context)


def _holds_template(value: JsonValue) -> bool:
    if isinstance(value, str):
        return _OPENING in value
    if isinstance(value, dict):
        return any(_holds_template(inner) for inner in value.values())
    return isinstance(value, list) and any(_holds_template(inner) for inner in value)


def _value_at(value: JsonValue, place: _Place) -> JsonValue:
    for part in place:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
        else:
            return None
    return value
