"""What the engine asks of a step type and of whoever composes it, and what it is answered.

A pure handler only computes. An effectful one first says what it would do (the intent, written
down before anything leaves), then does it. Outcomes are values: a handler raises for bugs only.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeAlias
from uuid import UUID

from justpaid.clock import Clock, MonotonicClock
from justpaid.connectors.model import Delivery, EffectClass
from justpaid.engine.model import (
    Answer,
    ChildRun,
    ClaimedRun,
    End,
    Entry,
    ErrorCode,
    Finished,
    Owner,
    Question,
    RunStatus,
    Suspension,
)
from justpaid.engine.resolve import CompanyFacts
from justpaid.engine.sealed import RunSecrets
from justpaid.engine.turns import Turns
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.program import Program, StepNode


@dataclass(slots=True)  # made for every step: freezing it would take most of its making
class StepContext:
    """What a handler may know: its step, the names its templates read, and where it stands.

    `now` is the moment at which the last of the step's dependencies settled. Of a run whose input
    hides something `names` shows the mask; `revealed` are the names with the input as it was given,
    for steps that act outside. `secrets` are texts that no record may show, `shown_request` what
    the ledger has in the place of a request that is sealed.
    """

    company_id: UUID
    workflow_id: UUID
    run_id: UUID
    connection_id: UUID | None
    node: StepNode
    path: str
    attempt: int
    names: Mapping[str, JsonValue]
    now: datetime
    revealed: Mapping[str, JsonValue] | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    shown_request: JsonObject | None = None


@dataclass(slots=True)  # made for every step: freezing it would take most of its making
class Completed:
    """The step is done. `input` is its resolved, masked input where it was not known before."""

    output: JsonValue
    input: JsonObject | None = None
    receipt: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The step went wrong. `details` join the error's record; `may_pass` means worth a retry."""

    code: ErrorCode
    message: str
    may_pass: bool = False
    delivery: Delivery = Delivery.NONE
    retry_after_seconds: float | None = None
    details: JsonObject | None = None
    input: JsonObject | None = None
    receipt: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """The step is done at a moment that is still to come."""

    until: datetime
    input: JsonObject | None = None


@dataclass(slots=True)  # made for every step: freezing it would take most of its making
class Intent:
    """What an effectful step is about to do.

    `request` says everything that has to be sent again for the same effect, and holds no
    credential. Where something of the input that is hidden went into it, `shown_request` is what
    people see of it, and `secrets` the texts that no record may show; it is then stored sealed.
    `key_memory_hours`: for how long the provider remembers a key; None means for ever.
    """

    effect_class: EffectClass
    provider: str
    action: str
    request: JsonObject
    input: JsonObject
    connection_id: UUID | None = None
    amount: Decimal | None = None
    currency: str | None = None
    key_memory_hours: int | None = None
    replays_errors: bool = False
    shown_request: JsonObject | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Asks:
    """People are asked, and the step waits for them until a moment.

    `no_self_approval` None: only where an effect follows may who started the run not decide alone.
    """

    terms: JsonObject
    until: datetime
    input: JsonObject
    no_self_approval: bool | None = None


@dataclass(frozen=True, slots=True)
class Starts:
    """A child run is started; unless it `is_awaited` the step is done with that.

    `shown_input`: the child's input as people may see it, where something in it is hidden.
    """

    workflow_id: UUID
    child_input: JsonObject
    input: JsonObject
    is_awaited: bool = True
    shown_input: JsonObject | None = None


StepResult: TypeAlias = Completed | Failed | Waits | Asks | Starts


@dataclass(frozen=True, slots=True)
class Round:
    """One way through a body: a loop's item, a branch.

    `suffix` stands between the step's own path and the ids of the body's steps (`[3].`, `.`).
    `variables`: what the body's templates read beside the names around it.
    """

    number: int
    body: str
    suffix: str
    variables: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Opens:
    """The step's bodies are worked through, `room` rounds at once.

    In a race the step is done with the first round that ends well, and the others are cancelled;
    otherwise one that fails fails the step. `input`: all that opening it again after a crash needs.
    """

    rounds: Sequence[Round]
    room: int
    input: JsonObject
    is_race: bool = False


class PureHandler(ABC):
    """A step type without effects: the same context always gives the same result.

    A type that `ends_run` gives `{status, message, output}` as its output. `waits_for` names what
    its steps wait for where that is no moment: then `hear` is told the answer.
    """

    ends_run: bool = False
    waits_for: str | None = None

    @abstractmethod
    def evaluate(self, context: StepContext) -> StepResult:
        """Compute the step's result."""

    def resume(self, context: StepContext, started_at: datetime, now: datetime) -> StepResult:
        """Compute the result of a step that waited, now that its moment has come."""
        raise RuntimeError(f"a step of type {context.node.type} does not wait: {started_at}, {now}")

    def hear(self, context: StepContext, answer: Answer) -> Completed | Failed:
        """Compute the result of a step that has been told what it waited for."""
        raise RuntimeError(f"a step of type {context.node.type} asks nothing: {answer.path}")


class ContainerHandler(ABC):
    """A step type with bodies."""

    @abstractmethod
    def open(self, context: StepContext, recorded: JsonObject | None) -> Opens | Failed:
        """Say what is worked through; the input of an earlier opening, if `recorded`, stands."""

    @abstractmethod
    def gather(self, outputs: Sequence[tuple[Round, JsonValue]]) -> JsonValue:
        """Make the step's output from what its rounds came to, in order."""


class EffectHandler(ABC):
    """A step type that reaches outside."""

    @abstractmethod
    async def prepare(self, context: StepContext) -> Intent | Failed:
        """Resolve what would be done, without doing any of it."""

    @abstractmethod
    async def perform(
        self, context: StepContext, request: JsonObject, connection_id: UUID | None, key: str
    ) -> Completed | Failed:
        """Do what an intent recorded; with the same key it is the same effect."""

    async def verify(
        self, _context: StepContext, _request: JsonObject, _connection: UUID | None, _key: str, /
    ) -> Completed | Failed:
        """Ask whether a verifiable effect was done: Completed if so.

        A failure of delivery NONE says that it was not, any other one that nobody can tell.
        """
        message = "Nobody can tell whether it was done."
        return Failed(ErrorCode.NETWORK, message, delivery=Delivery.UNCERTAIN)


StepHandler: TypeAlias = PureHandler | ContainerHandler | EffectHandler


class Writes(Protocol):
    """Where a run's records go; each call answers after its commit."""

    async def record(self, entry: Entry) -> bool:
        """Write rows; False when the run is another worker's."""
        ...

    async def finish(self, end: End) -> Finished | None:
        """End the run; None when it is another worker's."""
        ...

    async def suspend(self, suspension: Suspension) -> RunStatus | None:
        """Free the worker; None when the run is another worker's."""
        ...

    async def hand_back(self, owner: Owner) -> None:
        """Put the run back among the waiting."""
        ...


class ChildRuns(Protocol):
    """Makes the runs that a run starts."""

    async def prepare(
        self, parent: ClaimedRun, path: str, starts: Starts
    ) -> ChildRun | Completed | Failed:
        """Make a step's child run; Completed when an earlier one has come to its end since."""
        ...

    async def prepare_follow_up(
        self, failed: ClaimedRun, workflow_id: UUID, record: JsonObject
    ) -> ChildRun | str:
        """Make the run that settings.onFailure starts, or say why it cannot be started."""
        ...


async def _hear_nothing(_: Question) -> list[Answer]:
    return []


async def _read_no_secrets(_: ClaimedRun) -> RunSecrets | None:
    return None


@dataclass(frozen=True, slots=True)
class Resources:
    """What executions share. `at` is told the name of each point that the guarantees speak of.

    `on_held`: a child run was accepted that waits for its workflow's limit.
    """

    writes: Writes
    handlers: Mapping[str, StepHandler]
    load_program: Callable[[UUID, UUID, int], Awaitable[Program | None]]
    load_company: Callable[[UUID], Awaitable[CompanyFacts]]
    clock: Clock
    monotonic: MonotonicClock
    random: Callable[[], float]
    new_id: Callable[[], UUID]
    at: Callable[[str], None]
    on_finished: Callable[[Finished], None]
    read_answers: Callable[[Question], Awaitable[list[Answer]]] = _hear_nothing
    children: ChildRuns | None = None
    on_held: Callable[[], None] = lambda: None
    read_secrets: Callable[[ClaimedRun], Awaitable[RunSecrets | None]] = _read_no_secrets
    turns: Turns = field(default_factory=Turns)
    ending_types: frozenset[str] = field(init=False)
    waits_for: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        pure = {
            name: handler
            for name, handler in self.handlers.items()
            if isinstance(handler, PureHandler)
        }
        endings = frozenset(name for name, handler in pure.items() if handler.ends_run)
        waits_for = {name: each.waits_for for name, each in pure.items() if each.waits_for}
        object.__setattr__(self, "ending_types", endings)
        object.__setattr__(self, "waits_for", waits_for)
