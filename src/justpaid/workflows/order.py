"""The order of one list of steps, computed from the definition alone.

Guarantee: what comes out is acyclic; whatever cannot be ordered is refused with its place.

What the result offers to the engine, which decides who is skipped and why:
`dependencies` (a step may run when all of them have settled, its condition among them), `owner`
(the condition on whose path the step stands and which path, so that a path not taken is known
from the condition's output alone) and `before` (every step that is certain to have settled).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from justpaid.errors import Problem

PATH_NAMES: Final = ("then", "else")
CYCLE_ARROW: Final = " → "


@dataclass(frozen=True, slots=True)
class UnorderedStep:
    """A step as its list names it: its links, and the paths it owns when it is a condition.

    `place` is the step's own path (`steps[2]`); `depends_on` is None when the field is absent.
    """

    id: str
    place: str
    depends_on: tuple[str, ...] | None = None
    paths: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Ordering:
    """The order of one list: per step id, in written order.

    `sequence` is one order in which the steps may settle (dependencies first).
    """

    dependencies: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, tuple[str, str]]
    before: Mapping[str, frozenset[str]]
    sequence: tuple[str, ...]


def order_steps(steps: Sequence[UnorderedStep], problems: list[Problem]) -> Ordering:
    """Compute who depends on whom (workflow.md, Order); refusals are appended to `problems`.

    Ids are expected to be unique in the list. With problems the result is a best effort, good
    enough to go on looking for more mistakes.
    """
    return _List(steps, problems).order()


class _List:
    """One list of steps while it is being ordered."""

    def __init__(self, steps: Sequence[UnorderedStep], problems: list[Problem]) -> None:
        self.steps = steps
        self.problems = problems
        self.positions = {step.id: position for position, step in enumerate(steps)}
        self.owners: dict[str, tuple[str, str]] = {}
        self.members: dict[tuple[str, str], list[str]] = {}
        self.links: dict[str, list[str]] = {}

    def order(self) -> Ordering:
        for step in self.steps:
            self._take_paths(step)
        for step in self.steps:
            self.links[step.id] = self._known_links(step)
        dependencies = self._dependencies()
        sequence = self._sequence(dependencies)
        before = _closures(sequence, dependencies)
        self._check_links_of_paths(before)
        return Ordering(dependencies, self.owners, before, sequence)

    def _refuse(self, place: str, message: str) -> None:
        self.problems.append(Problem(place, message))

    # Paths

    def _take_paths(self, step: UnorderedStep) -> None:
        for name in PATH_NAMES:
            if step.paths is None or name not in step.paths:
                continue
            members = self.members.setdefault((step.id, name), [])
            for index, member in enumerate(step.paths[name]):
                place = f"{step.place}.config.{name}[{index}]"
                if self._may_stand_on_path(step, member, place):
                    self.owners[member] = (step.id, name)
                    members.append(member)

    def _may_stand_on_path(self, step: UnorderedStep, member: str, place: str) -> bool:
        position = self.positions.get(member)
        if position is None:
            self._refuse(place, f"no step of this list has the id '{member}'")
        elif position <= self.positions[step.id]:
            self._refuse(place, f"the step '{member}' must stand after '{step.id}'")
        elif member in self.owners:
            owner, path = self.owners[member]
            self._refuse(place, f"the step '{member}' is already on the path '{path}' of '{owner}'")
        else:
            return True
        return False

    # Links

    def _known_links(self, step: UnorderedStep) -> list[str]:
        known: list[str] = []
        for index, other in enumerate(step.depends_on or ()):
            place = f"{step.place}.dependsOn[{index}]"
            if other == step.id:
                self._refuse(place, "a step cannot depend on itself")
            elif other not in self.positions:
                self._refuse(place, f"no step of this list has the id '{other}'")
            else:
                known.append(other)
        return known

    def _dependencies(self) -> dict[str, tuple[str, ...]]:
        dependencies: dict[str, tuple[str, ...]] = {}
        nearest: UnorderedStep | None = None
        for step in self.steps:
            if step.id in self.owners:
                found = self._on_path(step)
            else:
                found = self._off_path(step, nearest)
                nearest = step
            dependencies[step.id] = tuple(sorted(set(found), key=self.positions.__getitem__))
        return dependencies

    def _off_path(self, step: UnorderedStep, nearest: UnorderedStep | None) -> list[str]:
        if step.depends_on is not None:
            return self.links[step.id]
        return [] if nearest is None else [nearest.id, *self._ends_owned_by(nearest.id)]

    def _on_path(self, step: UnorderedStep) -> list[str]:
        owner = self.owners[step.id]
        if step.depends_on is not None:
            return [owner[0], *self.links[step.id]]
        members = self.members[owner]
        place = members.index(step.id)
        if place == 0:
            return [owner[0]]
        earlier = members[place - 1]
        return [owner[0], earlier, *self._ends_owned_by(earlier)]

    def _ends_owned_by(self, condition: str) -> list[str]:
        """Return the ends of all paths that a step owns; none when it owns no path."""
        ends: list[str] = []
        waiting = [condition]
        while waiting:
            owner = waiting.pop()
            for name in PATH_NAMES:
                own = self._own_ends((owner, name))
                ends.extend(own)
                waiting.extend(own)
        return ends

    def _own_ends(self, path: tuple[str, str]) -> list[str]:
        """Return the steps of a path on which no other step of it depends."""
        members = self.members.get(path, [])
        leaned_on: set[str] = set()
        for place, member in enumerate(members):
            if self.steps[self.positions[member]].depends_on is not None:
                leaned_on.update(self.links[member])
            elif place > 0:
                leaned_on.add(members[place - 1])
        return [member for member in members if member not in leaned_on]

    def _check_links_of_paths(self, before: Mapping[str, frozenset[str]]) -> None:
        for step in self.steps:
            owner = self.owners.get(step.id)
            if owner is None or step.depends_on is None:
                continue
            allowed = before[owner[0]] | {owner[0]} | set(self.members[owner])
            for index, other in enumerate(step.depends_on):
                if other in self.positions and other not in allowed:
                    self._refuse(
                        f"{step.place}.dependsOn[{index}]",
                        f"'{step.id}' is on a path of '{owner[0]}': it may depend only on steps of "
                        f"that path, or on steps that settle before '{owner[0]}'",
                    )

    # Cycles

    def _sequence(self, dependencies: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Sort dependencies first; each cycle is refused once and then cut where it was named."""
        while True:
            settled = _settled_in_turn(self.steps, dependencies)
            if len(settled) == len(self.steps):
                return tuple(settled)
            cycle = _find_cycle(dependencies, set(dependencies) - set(settled))
            self._refuse_cycle(cycle, dependencies)

    def _refuse_cycle(self, cycle: list[str], dependencies: dict[str, tuple[str, ...]]) -> None:
        """Report a cycle (each step depends on the next) at the first link a person wrote."""
        text = CYCLE_ARROW.join([*cycle, cycle[0]])
        following = [*cycle[1:], cycle[0]]
        written = [
            (self.positions[step], step, other)
            for step, other in zip(cycle, following, strict=True)
            if other in self.links[step]
        ]
        position, step, other = min(written)
        index = (self.steps[position].depends_on or ()).index(other)
        self._refuse(
            f"{self.steps[position].place}.dependsOn[{index}]",
            f"the steps wait in a circle: {text}",
        )
        dependencies[step] = tuple(name for name in dependencies[step] if name != other)


def _settled_in_turn(
    steps: Sequence[UnorderedStep], dependencies: Mapping[str, tuple[str, ...]]
) -> list[str]:
    missing = {step.id: len(dependencies[step.id]) for step in steps}
    dependents: dict[str, list[str]] = {step.id: [] for step in steps}
    for step in steps:
        for other in dependencies[step.id]:
            dependents[other].append(step.id)
    settled = [step.id for step in steps if not missing[step.id]]
    for step_id in settled:  # grows while it is read
        for dependent in dependents[step_id]:
            missing[dependent] -= 1
            if not missing[dependent]:
                settled.append(dependent)
    return settled


def _find_cycle(dependencies: Mapping[str, tuple[str, ...]], stuck: set[str]) -> list[str]:
    """Walk from a stuck step to stuck dependencies until one comes again."""
    step = next(name for name in dependencies if name in stuck)
    seen: dict[str, int] = {}
    walk: list[str] = []
    while step not in seen:
        seen[step] = len(walk)
        walk.append(step)
        step = next(other for other in dependencies[step] if other in stuck)
    return walk[seen[step] :]


def _closures(
    sequence: Sequence[str], dependencies: Mapping[str, tuple[str, ...]]
) -> dict[str, frozenset[str]]:
    """Return, for each step, all that has settled when it runs: its dependencies, and theirs."""
    # Sets as bits of a number: with 500 steps that all depend on all before, a second less.
    bits = {step_id: 1 << place for place, step_id in enumerate(sequence)}
    masks: dict[str, int] = {}
    for step_id in sequence:
        mask = 0
        for other in dependencies[step_id]:
            mask |= bits[other] | masks[other]
        masks[step_id] = mask
    return {
        step_id: frozenset(other for other in sequence if mask & bits[other])
        for step_id, mask in masks.items()
    }
