"""Actions whose outcome can be asked for: after a lost answer the provider is asked, then acted."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

import pytest

from justpaid import exact_json
from justpaid.connections.lookup import ConnectionLookup
from justpaid.connectors.catalogue import ACTIONS, PROVIDERS
from justpaid.connectors.http import HTTP_REQUEST
from justpaid.connectors.model import EffectClass, EffectRule, PreparedRequest, ReadBack
from justpaid.connectors.perform import perform
from justpaid.exact_json import JsonObject
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from justpaid.steps.action import PerformAction, make_action_type
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program_store import ProgramStore
from tests.engine.stage import Stage, stored

STEP: Final = {
    "action": "bank.transfer",
    "errorHandling": {"strategy": "retry"},
    "retryConfig": {"initialDelayMs": 1, "maxDelayMs": 2},
}


def ask(sent: PreparedRequest, key: str) -> PreparedRequest:
    """Look for the transfer that carries the key."""
    return replace(
        sent,
        method="GET",
        url=f"{sent.url}/found?reference={key[:8]}",
        body=None,
        effect_class=EffectClass.READ,
        key_header=None,
    )


def judge(_: PreparedRequest, answer: JsonObject) -> JsonObject | None:
    """Take a transfer that is there as the output."""
    body = answer["body"]
    return answer if isinstance(body, dict) and "id" in body else None


TRANSFER: Final = replace(
    HTTP_REQUEST,
    name="bank.transfer",
    effect_rule=lambda _: EffectRule(EffectClass.VERIFIABLE),
    read_back=ReadBack(ask, judge),
)


@asynccontextmanager
async def bank_worker(stage: Stage) -> AsyncGenerator[None]:
    """Run a worker that knows the action."""
    known = {**ACTIONS, TRANSFER.name: TRANSFER}
    client = OutboundClient(OutboundPolicy(allow=parse_allow("127.0.0.1")))
    lookup = ConnectionLookup(stage.pool, stage.keys)
    handler = PerformAction(known, PROVIDERS, lookup, partial(perform, client))
    load = ProgramStore(stage.pool, {**STEP_TYPES, "action": make_action_type(known)}).load
    try:
        async with stage.worker(handlers={"action": handler}, load_program=load):
            yield
    finally:
        await client.close()


async def transfer(stage: Stage, found: int, answer: JsonObject) -> UUID:
    """Start a run whose transfer loses its answer; the bank, when asked, says this."""
    stage.stub.script["/pay"] = [503]
    stage.stub.script["/pay/found"] = [found]
    stage.stub.answers["/pay/found"] = exact_json.encode_text(answer)
    step = stage.action("/pay", method="POST", json={"amount": 1}, step=STEP)
    return await stage.start(await stage.define([step]))


async def test_what_was_done_is_not_sent_again(stage: Stage) -> None:
    """The bank knows the transfer: the step completes with it."""
    run_id = await transfer(stage, 200, {"id": "tr_1"})
    async with bank_worker(stage):
        row = await stage.ended(run_id)
    assert stored(row["output"])["body"] == {"id": "tr_1"}
    assert len(stage.stub.calls_of("/pay")) == 1
    (effect,) = await stage.effects(run_id)
    assert (effect["class"], effect["outcome"]) == ("verifiable", "done")
    assert stored(effect["receipt"])["readBack"] is True


@pytest.mark.parametrize(("found", "answer"), [(404, {}), (200, {"list": "empty"})])
async def test_what_was_not_done_is_sent_again(
    stage: Stage, found: int, answer: JsonObject
) -> None:
    """The bank does not know it: the same request goes out once more, under the same key."""
    run_id = await transfer(stage, found, answer)
    async with bank_worker(stage):
        assert (await stage.ended(run_id))["status"] == "completed"
    assert [call.path for call in stage.stub.calls] == ["/pay", "/pay/found", "/pay"]
    assert len(stage.stub.keys_of("/pay")) == 1
    (effect,) = await stage.effects(run_id)
    assert (effect["outcome"], effect["generation"]) == ("done", 1)


@pytest.mark.parametrize("found", [500, 403])
async def test_a_bank_that_cannot_be_asked_leaves_it_in_doubt(stage: Stage, found: int) -> None:
    """While the read fails as well nothing is sent again: a person has to say."""
    run_id = await transfer(stage, found, {})
    async with bank_worker(stage):
        await stage.reaches(run_id, "suspended")
    assert await stage.statuses(run_id) == {"pay": "unknown"}
    assert len(stage.stub.calls_of("/pay")) == 1
    (effect,) = await stage.effects(run_id)
    assert effect["outcome"] == "unknown"
