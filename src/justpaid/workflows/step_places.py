"""Where every step of a definition stands, inner ones too, found before anything is compiled."""

from collections.abc import Mapping, Sequence

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.bodies import inner_lists
from justpaid.workflows.definition_schema import MAX_STEPS
from justpaid.workflows.step_types import StepType


def type_of(step: JsonObject, step_types: Mapping[str, StepType]) -> StepType | None:
    """Return the type of a step as written; None when it names none that is known."""
    name = step.get("type")
    return step_types.get(name) if isinstance(name, str) else None


def find_places(
    raw_steps: Sequence[JsonValue], step_types: Mapping[str, StepType], problems: list[Problem]
) -> dict[str, str] | None:
    """Return the path of every step id, first come; report ids that are taken.

    More steps than are allowed are reported, and then none is returned: they are not worth a look.
    """
    places: dict[str, str] = {}
    count = _visit(raw_steps, "steps", step_types, places, problems)
    if count <= MAX_STEPS:
        return places
    message = f"has {count} steps, inner ones counted; at most {MAX_STEPS} are allowed"
    problems.append(Problem("steps", message))
    return None


def _visit(
    raw_steps: Sequence[JsonValue],
    place: str,
    step_types: Mapping[str, StepType],
    places: dict[str, str],
    problems: list[Problem],
) -> int:
    count = len(raw_steps)
    for index, raw in enumerate(raw_steps):
        if not isinstance(raw, dict):
            continue
        where = f"{place}[{index}]"
        step_id = raw.get("id")
        if isinstance(step_id, str) and places.setdefault(step_id, where) != where:
            message = f"the id '{step_id}' is taken by {places[step_id]}"
            problems.append(Problem(f"{where}.id", message))
        step_type = type_of(raw, step_types)
        if step_type is not None:
            for inner in inner_lists(step_type, raw, where):
                count += _visit(inner.raw_steps, inner.place, step_types, places, problems)
    return count
