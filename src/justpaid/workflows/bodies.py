"""Inner lists of steps (a loop's body, a parallel step's branches), found by what the type says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.compiler import ROOT_NAMES
from justpaid.workflows.step_types import Body, StepType

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_WORDS: Final = ROOT_NAMES | {"true", "false", "null", "in"}


@dataclass(frozen=True, slots=True)
class Inner:
    """One inner list: its name, the steps as written, and the path they stand at."""

    name: str
    raw_steps: list[JsonValue]
    place: str


def inner_lists(step_type: StepType, step: JsonObject, place: str) -> Iterator[Inner]:
    """Find the inner lists of a step; malformed ones are left to the type's config schema."""
    config = step.get("config")
    if isinstance(config, dict):
        for body in step_type.bodies:
            yield from _lists_of(body, config, f"{place}.config.{body.field}")


def _lists_of(body: Body, config: JsonObject, place: str) -> Iterator[Inner]:
    value = config.get(body.field)
    if not isinstance(value, list):
        return
    if body.steps_field is None:
        yield Inner(body.field, value, place)
        return
    for index, entry in enumerate(value):
        if isinstance(entry, dict):
            name, raw_steps = entry.get(body.name_field), entry.get(body.steps_field)
            if isinstance(name, str) and isinstance(raw_steps, list):
                yield Inner(name, raw_steps, f"{place}[{index}].{body.steps_field}")


def check_names(step_type: StepType, step: JsonObject, place: str, problems: list[Problem]) -> None:
    """Report inner lists that share a name."""
    seen: set[str] = set()
    for inner in inner_lists(step_type, step, place):
        if inner.name in seen:
            entry = inner.place.rpartition(".")[0]
            problems.append(Problem(f"{entry}.name", f"the name '{inner.name}' is taken"))
        seen.add(inner.name)


def read_variables(
    step_type: StepType,
    config: JsonObject,
    place: str,
    outer: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, str]:
    """Return the names that a step's bodies add, by the config field that gives each.

    `outer`: the names of the loops around, each with the field that gave it.
    """
    names: dict[str, str] = {}
    for variable in (variable for body in step_type.bodies for variable in body.variables):
        name = config.get(variable.field, variable.default)
        if not isinstance(name, str):
            continue  # the config schema has said so
        message = _name_mistake(name)
        if name in names.values():
            message = f"the name '{name}' is given twice"
        elif name in outer and not (variable.may_hide_its_like and outer[name] == variable.field):
            message = f"the name '{name}' is the {outer[name]} of a loop around this one"
        if message:
            problems.append(Problem(f"{place}.config.{variable.field}", message))
        names[variable.field] = name
    return names


def _name_mistake(name: str) -> str | None:
    if not _NAME.fullmatch(name):
        return "must be a name that an expression can read: letters, digits and _"
    if name in _WORDS:
        return f"'{name}' has a meaning already"
    return None
