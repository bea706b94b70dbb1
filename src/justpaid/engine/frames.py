"""The lists of a run that are worked through: its own, and the rounds of open loops and branches.

Guarantee: all of it follows from the journal. A container opened on a journal that has rounds of it
already passes over those that are over, and gives the others the moments they had before. A list
knows which of its steps may move, so that a plan looks at those and at no others.
"""

from bisect import insort
from collections.abc import Mapping
from datetime import datetime
from heapq import heappop, heappush

from justpaid.engine.contract import Opens, Round
from justpaid.engine.model import StepRecord, StepStatus
from justpaid.engine.resolve import Names, last_output
from justpaid.exact_json import JsonValue
from justpaid.workflows.program import StepList, StepNode


def goes_on_after_failure(node: StepNode) -> bool:
    """Tell whether the run continues when this step has failed for good."""
    return node.strategy == "continue" or (node.strategy == "retry" and node.has_fallback)


def is_settled(node: StepNode, record: StepRecord) -> bool:
    """Tell whether steps that depend on this one may go on."""
    if record.status is StepStatus.COMPLETED or record.status is StepStatus.SKIPPED:
        return True
    return record.status is StepStatus.FAILED and goes_on_after_failure(node)


def earlier(record: StepRecord, other: StepRecord | None) -> StepRecord:
    """Return which of two ended first; `other` where that cannot be told."""
    if other is None or other.completed_at is None or record.completed_at is None:
        return record if other is None else other
    return record if record.completed_at < other.completed_at else other


def guards_effect(frame: "Frame", node: StepNode) -> bool:
    """Tell whether anything that reaches outside follows a step."""
    waiting, seen = [node.id], {node.id}
    while waiting:
        for name in frame.steps.dependents.get(waiting.pop(), ()):
            if name not in seen:
                if _has_effect(frame.steps.by_id[name]):
                    return True
                seen.add(name)
                waiting.append(name)
    container = frame.container
    if container is None:
        return False
    # Another round may come to an effect of this body, whatever stands after the step in this one.
    return _has_effect(container.node) or guards_effect(container.frame, container.node)


def _has_effect(node: StepNode) -> bool:
    inner = (step for body in node.bodies.values() for step in body.nodes)
    return node.step_type.is_effectful or any(_has_effect(step) for step in inner)


class Frame:
    """One list of steps while it is worked through; `prefix` begins the paths of its steps.

    `started_at`: the moment that steps without dependencies count from. `round` and `container`
    are None for the run's own list. `open`: the places in the sequence of the steps that have not
    settled and wait for no other one; `blocked`: how many each of the rest still waits for.
    """

    __slots__ = (
        "_failed", "blocked", "container", "names", "open", "prefix", "round", "started_at",
        "steps",
    )  # fmt: skip

    def __init__(
        self,
        steps: StepList,
        names: Names,
        started_at: datetime,
        prefix: str = "",
        inside: "tuple[Container, Round] | None" = None,
    ) -> None:
        self.steps = steps
        self.names = names
        self.started_at = started_at
        self.prefix = prefix
        self.container = None if inside is None else inside[0]
        self.round = None if inside is None else inside[1]
        self.open = list(steps.free)
        self.blocked = dict(steps.blocked)
        self._failed: dict[int, StepRecord] = {}

    @property
    def failure(self) -> StepRecord | None:
        """The first failure that stops the list; of two at one moment that of the earlier step."""
        first: StepRecord | None = None
        if self._failed:
            for place in sorted(self._failed):
                first = earlier(self._failed[place], first)
        return first

    def read(self, records: Mapping[str, StepRecord]) -> None:
        """Take in what has become of the list's steps before this worker came."""
        for node in self.steps.sequence:
            record = records.get(self.prefix + node.id)
            if record is not None:
                self.take(node, record)

    def take(self, node: StepNode, record: StepRecord) -> None:
        """Take in what has become of a step: where it settled, templates read it, others go on."""
        if is_settled(node, record):
            self.names.settle(node.id, record)
            self._pass(node)
        elif record.status is StepStatus.FAILED:
            self._failed[self.steps.places[node.id]] = record

    def _pass(self, node: StepNode) -> None:
        steps, blocked = self.steps, self.blocked
        place = steps.places[node.id]
        if place in self.open:
            self.open.remove(place)
        elif blocked.pop(node.id, None) is None:
            return  # nobody waits for it any more
        for name in steps.dependents[node.id]:
            left = blocked.get(name)
            if left is None:
                continue  # settled before, in an earlier run of the line
            if left > 1:
                blocked[name] = left - 1
            else:
                del blocked[name]
                insort(self.open, steps.places[name])


class Container:
    """A step with bodies while their rounds are worked through, as many at once as it has room.

    `open`: the rounds under way. `over`: those that have come to their end, as (moment, number).
    """

    def __init__(
        self,
        node: StepNode,
        frame: Frame,
        opens: Opens,
        now: datetime,
        records: Mapping[str, StepRecord],
    ) -> None:
        self.node = node
        self.frame = frame
        self.path = frame.prefix + node.id
        self.now = now
        self.rounds = opens.rounds
        self.is_race = opens.is_race
        self.open: list[Frame] = []
        self.over: list[tuple[datetime, int]] = []
        self._waiting = iter(opens.rounds)
        # When each free place became free: with one place a round starts when the last one ended.
        self._free = [now] * min(opens.room, len(opens.rounds))
        self._fill(records)

    @property
    def is_over(self) -> bool:
        """Whether no round is under way or to come."""
        return not self.open

    @property
    def insides(self) -> tuple[str, ...]:
        """What the paths of everything inside begin with."""
        return (f"{self.path}.", f"{self.path}[")

    @property
    def winner(self) -> Round | None:
        """The round of a race that came to its end first; None while none has."""
        return self.rounds[min(self.over)[1]] if self.over else None

    def close(self, frame: Frame, records: Mapping[str, StepRecord]) -> None:
        """Note that a round has come to its end, and begin the next one in its place."""
        self.open.remove(frame)
        if frame.round is not None:
            ended_at = _ended_at(frame.steps, frame.prefix, records, frame.started_at)
            self._note_end(frame.round.number, ended_at or frame.started_at)
        self._fill(records)

    def outputs(self, records: Mapping[str, StepRecord]) -> list[tuple[Round, JsonValue]]:
        """Return what the rounds came to: of a race only the winner."""
        counted = [self.winner] if self.is_race else self.rounds
        return [
            (each, last_output(self.node.bodies[each.body], records, self.path + each.suffix))
            for each in counted
            if each is not None
        ]

    def _fill(self, records: Mapping[str, StepRecord]) -> None:
        while self._free:
            begun = next(self._waiting, None)
            if begun is None:
                return
            started_at = heappop(self._free)
            steps, prefix = self.node.bodies[begun.body], self.path + begun.suffix
            ended_at = _ended_at(steps, prefix, records, started_at)
            if ended_at is not None:
                self._note_end(begun.number, ended_at)
                continue
            names = self.frame.names.inside(begun.variables)
            frame = Frame(steps, names, started_at, prefix, (self, begun))
            frame.read(records)
            self.open.append(frame)

    def _note_end(self, number: int, ended_at: datetime) -> None:
        self.over.append((ended_at, number))
        heappush(self._free, ended_at)


def _ended_at(
    steps: StepList, prefix: str, records: Mapping[str, StepRecord], started_at: datetime
) -> datetime | None:
    """Return the moment at which the last step of a list settled; None while one has not."""
    latest = started_at
    for node in steps.nodes:
        record = records.get(prefix + node.id)
        if record is None or not is_settled(node, record):
            return None
        if record.completed_at is not None and record.completed_at > latest:
            latest = record.completed_at
    return latest
