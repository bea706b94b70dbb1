"""What a template or an expression may read, by where it stands (workflow.md, Order)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from justpaid.errors import Problem
from justpaid.expressions.expression import Reference
from justpaid.workflows.write_only import SecretPlace, is_hidden

_READABLE_OF_STEP: Final = ("output", "error", "status")
_HIDDEN: Final = "a writeOnly input is read only in the config of a step that acts outside"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is certain to be known at one place of a definition.

    `steps`: ids that have settled before it. `variables`: names that the loops around it add, each
    with the config field that named it. `lists`: for every id of the workflow, the path of the
    list it stands in; `list_path` and `owner` say which list and step this place belongs to.
    `hidden`: what of the input cannot be read here.
    """

    steps: frozenset[str]
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    lists: Mapping[str, str] = field(default_factory=dict[str, str])
    owner: str | None = None
    hidden: tuple[SecretPlace, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names that loops add here."""
        return frozenset(self.variables)


def check_references(
    references: Sequence[Reference], place: str, scope: Scope, problems: list[Problem]
) -> None:
    """Report every reference to a step, or a part of the input, that cannot be read here.

    `place` is the path of references that carry none of their own.
    """
    for reference in references:
        if reference.root == "input" and is_hidden(scope.hidden, reference.path):
            where = reference.where or place
            problems.append(Problem(where, f"{_HIDDEN} (position {reference.position})"))
        if reference.root != "steps" or "steps" in scope.variables:
            continue
        message = _mistake(reference, scope)
        if message:
            where = reference.where or place
            problems.append(Problem(where, f"{message} (position {reference.position})"))


def _mistake(reference: Reference, scope: Scope) -> str | None:
    if not reference.path:
        return "a step is read by its id: steps.<id>.output"
    step_id = reference.path[0]
    if step_id in scope.steps:
        if len(reference.path) > 1 and reference.path[1] not in _READABLE_OF_STEP:
            return (
                f"a step has output, error and status: read steps.{step_id}.output, "
                f"not steps.{step_id}.{reference.path[1]}"
            )
        return None
    if step_id == scope.owner:
        return f"the step '{step_id}' cannot read itself"
    if step_id not in scope.lists:
        return f"no step has the id '{step_id}'"
    return (
        f"the step '{step_id}' is not certain to have settled before this: "
        "it can be read only after it, and from outside a loop or a parallel step only "
        "through the output of that step"
    )
