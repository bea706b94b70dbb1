"""Which steps of an ended run its retry or restart keeps; pure.

Guarantee: what settled and does not depend on anything that is done again is kept, finished items
of a loop among it; a kept output is never computed again.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from justpaid.engine.frames import goes_on_after_failure
from justpaid.engine.model import StepStatus
from justpaid.workflows.program import StepList, StepNode

_PASSED: Final = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED})


def list_kept_paths(
    steps: StepList,
    statuses: Mapping[str, StepStatus],
    *,
    from_step: str | None = None,
    ending_types: AbstractSet[str] = frozenset(),
) -> list[str]:
    """Return the journal paths to keep; `statuses` has the last attempt of every recorded path.

    A restart is done again from `from_step` of the top-level list on, whatever came of that step.
    A step of `ending_types` has ended the run, and is done again too, to go past it.
    """
    return list(_kept(steps, statuses, _Terms(from_step, ending_types), ""))


@dataclass(frozen=True, slots=True)
class _Terms:
    from_step: str | None
    ending_types: AbstractSet[str]


def _kept(
    steps: StepList, statuses: Mapping[str, StepStatus], terms: _Terms, prefix: str
) -> Iterator[str]:
    again: set[str] = set()
    for node in steps.sequence:
        path = prefix + node.id
        is_settled = _is_settled(node, statuses.get(path)) and node.type not in terms.ending_types
        if not again.isdisjoint(node.dependencies):
            again.add(node.id)  # it may read what is done again: nothing of it stands
        elif not is_settled:
            again.add(node.id)
            yield from _kept_inside(node, path, statuses, terms)
        elif path == terms.from_step:
            again.add(node.id)
        else:
            yield path
            yield from _all_inside(path, statuses)


def _is_settled(node: StepNode, status: StepStatus | None) -> bool:
    return status in _PASSED or (status is StepStatus.FAILED and goes_on_after_failure(node))


def _all_inside(path: str, statuses: Mapping[str, StepStatus]) -> Iterator[str]:
    return (inner for inner in statuses if inner.startswith((f"{path}[", f"{path}.")))


def _kept_inside(
    node: StepNode, path: str, statuses: Mapping[str, StepStatus], terms: _Terms
) -> Iterator[str]:
    for body in node.bodies.values():
        prefixes = {
            inner[: -len(name)]
            for inner in _all_inside(path, statuses)
            if (name := inner.rpartition(".")[2]) in body.by_id
        }
        for prefix in sorted(prefixes):
            yield from _kept(body, statuses, terms, prefix)
