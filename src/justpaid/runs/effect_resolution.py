"""A person says whether an effect in doubt was done.

Guarantee: an effect is resolved once; what was said, its audit row and the run's wake-up commit
together. The run's next owner puts it into the journal, so every row there stays a fenced owner's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.api_keys.key_format import find_keys_in, hint_of
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection, Row
from justpaid.engine.journal import wake_run
from justpaid.engine.model import EffectOutcome
from justpaid.errors import Conflict, InvalidInput, InvalidState, NotFound, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.runs import repository

_ANSWERED: Final = {
    EffectOutcome.DONE: "The provider confirmed this effect: there is nothing to resolve.",
    EffectOutcome.REFUSED: "The provider refused this effect: there is nothing to resolve.",
    None: "This effect is not in doubt: it is under way, or will be sent again by itself.",
}


class Verdict(StrEnum):
    """What a person may say."""

    DONE = "done"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class ResolutionOrder:
    """What a person says, and why; `output` is what the step goes on with when it was done."""

    verdict: Verdict
    comment: str
    output: JsonValue = None

    def to_json(self) -> JsonObject:
        """Return what is stored of it."""
        if self.verdict is Verdict.DONE:
            return {"outcome": self.verdict, "output": self.output}
        return {"outcome": self.verdict}


class EffectResolver:
    """Made once at composition with the audit log."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    async def resolve(
        self,
        connection: Connection,
        company_id: UUID,
        run_id: UUID,
        effect_id: UUID | None,
        order: ResolutionOrder,
        *,
        by: Actor,
    ) -> Row:
        """Note what was said and wake the run, if it has not ended; return the ledger's row.

        Saying the same again changes nothing. Raises NotFound, InvalidInput, InvalidState for an
        effect that is not in doubt, and Conflict for one that was resolved otherwise.
        """
        await repository.get_run(connection, company_id, run_id)
        found = await _get(connection, company_id, run_id, effect_id)
        _refuse_keys(order.output)
        # The run's row first, as workers do: the other way round the two would deadlock.
        await repository.lock_run(connection, company_id, found["run_id"])
        outcome = EffectOutcome.DONE if order.verdict is Verdict.DONE else EffectOutcome.REFUSED
        text = exact_json.encode_text(order.to_json())
        is_new = await repository.resolve_effect(
            connection, company_id, found["id"], outcome, text, by.name, order.comment
        )
        effect = await _get(connection, company_id, run_id, effect_id)
        if not is_new:
            _require_same(effect, order)
            return effect
        await self._audit.record_event(
            connection,
            company_id,
            by=by,
            action="effect.resolved",
            object_type="effect",
            object_id=encode_id(Prefix.EFFECT, effect["id"]),
            before={"outcome": EffectOutcome.UNKNOWN},
            after={
                "outcome": order.verdict,
                "runId": encode_id(Prefix.RUN, effect["run_id"]),
                "stepPath": effect["path"],
                "comment": order.comment,
            },
        )
        await wake_run(connection, company_id, effect["run_id"])
        return effect


async def _get(
    connection: Connection, company_id: UUID, run_id: UUID, effect_id: UUID | None
) -> Row:
    for row in await repository.list_effects(connection, company_id, run_id):
        if row["id"] == effect_id:
            return row
    raise NotFound("There is no such effect of this run.")


def _refuse_keys(output: JsonValue) -> None:
    problems = [
        Problem(path, f"holds an API key ({hint_of(key)}): an output must carry none")
        for path, key in find_keys_in(output, "output")
    ]
    if problems:
        raise InvalidInput("The request is not valid.", problems)


def _require_same(effect: Row, order: ResolutionOrder) -> None:
    if effect["resolved_at"] is None:
        outcome = effect["outcome"]
        raise InvalidState(_ANSWERED[None if outcome is None else EffectOutcome(outcome)])
    said = exact_json.stored(effect["resolution"])
    if said != order.to_json():
        verdict = said.get("outcome") if isinstance(said, dict) else None
        raise Conflict(
            f"This effect was resolved already, as {verdict}, by {effect['resolved_by']}."
        )
