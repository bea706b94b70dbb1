"""Starts runs for callers of the API.

Guarantee: when a start is answered, its run is committed, or commits with the caller's transaction;
one idempotencyKey of a workflow makes one run, however many ask at once and wherever they fail.
"""

import hmac
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias
from uuid import UUID

from justpaid import exact_json, ids
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Connection
from justpaid.engine.journal import Accepted, Moved, accept_runs
from justpaid.engine.model import NewRun
from justpaid.engine.sealed import seal_input
from justpaid.errors import (
    IdempotencyConflict,
    InvalidInput,
    InvalidState,
    NotFound,
    Problem,
    Unavailable,
)
from justpaid.runs.input_check import KeyReporter, check_input
from justpaid.runs.model import API_TRIGGER, StartedRun, StartOrder, hash_start
from justpaid.runs.start_facts import (
    ACTIVE,
    StartFacts,
    StartFactsReader,
    StartQuestion,
    VersionDemands,
)

_MOST_ROUNDS: Final = 5
_WHY_NOT: Final = {
    "draft": "The workflow is a draft. Activate it first.",
    "paused": "The workflow is paused. Resume it first.",
    "archived": "The workflow is archived: it starts no runs any more.",
}


AcceptRun: TypeAlias = Callable[[NewRun], Awaitable[Accepted]]


class RunStarter:
    """Starts runs, through the group commit of the process or in a caller's transaction."""

    def __init__(
        self,
        facts: StartFactsReader,
        accept: AcceptRun,
        secret: bytes,
        keys: KeyRing,
        report_keys: KeyReporter | None = None,
    ) -> None:
        """`accept` is the lane that commits starts together; `secret` keys the hash of inputs.

        `keys` seal what of an input is writeOnly.
        """
        self._keys = keys
        self._facts = facts
        self._accept = accept
        self._secret = secret
        self._report_keys = report_keys

    async def start(
        self, order: StartOrder, run_id: UUID, connection: "Connection | None" = None
    ) -> StartedRun:
        """Accept a run by this id, on the caller's connection if one is given.

        A repeat is answered before validation and state. Raises NotFound, IdempotencyConflict,
        InvalidInput, InvalidState. A run with a `release_limit` is let in by the caller, once
        its transaction has committed.
        """
        question = StartQuestion(
            order.company_id, order.workflow_id, order.idempotency_key, order.connection_id
        )
        if connection is None and (known := self._facts.recall(question)) is not None:
            with suppress(InvalidInput):  # what is remembered may be what is wrong
                started = await self._start(order, run_id, known, None)
                if started is not None:
                    return started
        for _ in range(_MOST_ROUNDS):
            facts = await self._facts.find(question)
            if facts is None:
                raise NotFound("There is no such workflow.")
            started = await self._start(order, run_id, facts, connection)
            if started is not None:
                return started
        raise Unavailable("The workflow is changing too fast. Try again shortly.")

    async def _start(
        self,
        order: StartOrder,
        run_id: UUID,
        facts: StartFacts,
        connection: "Connection | None",
    ) -> StartedRun | None:
        """Accept a run of a workflow that stands so; None when it no longer does."""
        digest = None
        if order.idempotency_key is not None:
            digest = hash_start(self._secret, order.input, order.connection_id)
            first = facts.first_run
            if first is not None and not first.is_forgotten:
                return _repeat(order, digest, first.run_id, first.version, first.idempotency_hash)
            if first is not None:
                await self._facts.forget_key(order.company_id, first, connection)
        text = exact_json.encode_text(order.input)
        demands = await self._check(order, text, facts, connection)
        limit = demands.max_concurrent_runs
        run = _new_run(order, text, run_id, facts.version, digest, held=limit is not None)
        if demands.secret_places:
            run = seal_input(self._keys, run, demands.secret_places, order.input)
        if connection is None:
            obstacle = await self._accept(run)
        else:
            (obstacle,) = await accept_runs(connection, [run])
        if isinstance(obstacle, Moved):
            return None
        if obstacle is not None and digest is not None:
            return _repeat(
                order, digest, obstacle.run_id, obstacle.version, obstacle.idempotency_hash
            )
        return StartedRun(run_id, order.workflow_id, facts.version, release_limit=limit)

    async def _check(
        self, order: StartOrder, text: str, facts: StartFacts, connection: "Connection | None"
    ) -> VersionDemands:
        """Validate the order, then the workflow's state; return what its version asks."""
        demands = await self._facts.get_demands(
            order.company_id, order.workflow_id, facts, connection
        )
        problems = await check_input(
            order.company_id, order.input, text, demands.input_schema, self._report_keys
        )
        if order.connection_id is not None and not facts.has_connection:
            problems.append(Problem("connectionId", "there is no such connection"))
        if problems:
            raise InvalidInput("The run's input is not valid.", problems)
        if facts.status != ACTIVE:
            raise InvalidState(_WHY_NOT[facts.status])
        return demands


def _new_run(
    order: StartOrder, text: str, run_id: UUID, version: int, digest: bytes | None, *, held: bool
) -> NewRun:
    return NewRun(
        id=run_id,
        company_id=order.company_id,
        workflow_id=order.workflow_id,
        version=version,
        origin_run_id=run_id,
        trigger_type=API_TRIGGER,
        input=text,
        started_by=order.started_by,
        connection_id=order.connection_id,
        idempotency_key=order.idempotency_key,
        idempotency_hash=digest,
        waiter=order.waiter,
        held=held,
        if_active=True,
    )


def _repeat(
    order: StartOrder, digest: bytes, run_id: UUID, version: int, first_digest: bytes | None
) -> StartedRun:
    if first_digest is None or not hmac.compare_digest(first_digest, digest):
        first = ids.encode_id(ids.Prefix.RUN, run_id)
        raise IdempotencyConflict(
            f"This idempotencyKey was used before with another input: it started {first}."
        )
    return StartedRun(run_id, order.workflow_id, version, is_repeat=True)
