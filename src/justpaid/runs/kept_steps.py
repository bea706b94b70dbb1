"""Which steps of an ended run its retry keeps; pure.

Guarantee: what settled and does not depend on anything that is done again is kept, finished items
of a loop among it; a kept output is never computed again.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from justpaid.engine.model import StepStatus
from justpaid.engine.plan import goes_on_after_failure
from justpaid.workflows.program import StepList, StepNode

_PASSED: Final = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED})


def list_kept_paths(
    steps: StepList,
    statuses: Mapping[str, StepStatus],
    ending_types: AbstractSet[str] = frozenset(),
) -> list[str]:
    """Return the journal paths to keep; `statuses` has the last attempt of every recorded path.

    A step of `ending_types` has ended the run: a retry is asked to go past it, so it is done again.
    """
    return list(_kept(steps, statuses, ending_types, ""))


def _kept(
    steps: StepList, statuses: Mapping[str, StepStatus], ending_types: AbstractSet[str], prefix: str
) -> Iterator[str]:
    again: set[str] = set()
    for node in steps.sequence:
        path = prefix + node.id
        if not again.isdisjoint(node.dependencies):
            again.add(node.id)  # it may read what is done again: nothing of it stands
        elif _is_settled(node, statuses.get(path)) and node.type not in ending_types:
            yield path
            yield from _all_inside(path, statuses)
        else:
            again.add(node.id)
            yield from _kept_inside(node, path, statuses, ending_types)


def _is_settled(node: StepNode, status: StepStatus | None) -> bool:
    return status in _PASSED or (status is StepStatus.FAILED and goes_on_after_failure(node))


def _all_inside(path: str, statuses: Mapping[str, StepStatus]) -> Iterator[str]:
    return (inner for inner in statuses if inner.startswith((f"{path}[", f"{path}.")))


def _kept_inside(
    node: StepNode, path: str, statuses: Mapping[str, StepStatus], ending_types: AbstractSet[str]
) -> Iterator[str]:
    for body in node.bodies.values():
        prefixes = {
            inner[: -len(name)]
            for inner in _all_inside(path, statuses)
            if (name := inner.rpartition(".")[2]) in body.by_id
        }
        for prefix in sorted(prefixes):
            yield from _kept(body, statuses, ending_types, prefix)
