"""Runs from acceptance to their end, on a real database and worker."""

import asyncio
from decimal import Decimal

from tests.engine.stage import Stage, stored, transform, until


async def test_values_flow_exactly(stage: Stage) -> None:
    """Numbers pass from the input through steps to the output with the digits they have."""
    row = await stage.run(
        [
            transform("a", kept="{{input.amount}}", tripled="{{input.price * 3}}"),
            transform("b", total="{{steps.a.output.tripled}}", same="{{steps.a.output.kept}}"),
        ],
        {"amount": Decimal("2.90"), "price": Decimal("19.99")},
    )
    assert row["status"] == "completed"
    assert row["output"] == '{"total":59.97,"same":2.90}'


async def test_the_output_template_wins(stage: Stage) -> None:
    """A definition's own output is the run's, not the last step's."""
    row = await stage.run(
        [transform("a", x=1)], {"n": 7}, output={"n": "{{input.n}}", "x": "{{steps.a.output.x}}"}
    )
    assert stored(row["output"]) == {"n": 7, "x": 1}


async def test_an_output_against_its_schema_fails_the_run(stage: Stage) -> None:
    """What outputSchema refuses never counts as completed."""
    row = await stage.run(
        [transform("a", total="many")],
        outputSchema={"type": "object", "properties": {"total": {"type": "number"}}},
    )
    error = stored(row["error"])
    assert (row["status"], row["output"]) == ("failed", None)
    assert error["code"] == "OUTPUT_INVALID"
    assert "output.total" in str(error["message"])


async def test_paths_and_skips_are_told(stage: Stage) -> None:
    """A step that did not run says whether its path, its dependencies or its `when` decided so."""
    run_id = await stage.start(
        await stage.define(
            [
                {
                    "id": "q",
                    "type": "condition",
                    "config": {
                        "conditions": "{{input.n}} > 5",
                        "then": ["y"],
                        "else": ["n", "m"],
                    },
                },
                transform("y", said="yes"),
                transform("n", said="no"),
                transform("m", said="no again"),
                transform("off", x=1, step={"when": "input.n > 100"}),
                transform("after", x="{{steps.off.output}}", y="{{steps.n.output}}"),
                transform("up", x=1, step={"dependsOn": ["n", "m"]}),
            ]
        ),
        {"n": 6},
    )
    async with stage.worker():
        await stage.ended(run_id)
    assert await stage.statuses(run_id) == {
        "q": "completed",
        "y": "completed",
        "n": "path",
        "m": "path",
        "off": "when",
        "after": "completed",
        "up": "upstream",
    }
    assert (await stage.outputs(run_id))["after"] == {"x": None, "y": None}


async def test_a_call_is_recorded_with_its_ledger(stage: Stage) -> None:
    """An effect leaves a step run, and a ledger row with key, request, receipt and outcome."""
    run_id = await stage.start(
        await stage.define(
            [
                stage.action("/pay", method="POST", json={"amount": "{{input.amount}}"}),
                transform("b", ok="{{steps.pay.output.body.ok}}"),
            ]
        ),
        {"amount": Decimal("10.50")},
    )
    async with stage.worker():
        row = await stage.ended(run_id)
    (effect,) = await stage.effects(run_id)
    (call,) = stage.stub.calls
    step = (await stage.steps(run_id))["pay"]
    assert (row["status"], stored(row["output"])) == ("completed", {"ok": True})
    assert call.body == '{"amount":10.50}'
    assert call.headers["Idempotency-Key"] == effect["key"] == step["effect_key"]
    assert (effect["class"], effect["outcome"], effect["generation"]) == ("idempotent", "done", 1)
    assert effect["sent_at"] is not None
    assert effect["request"] is not None
    assert stored(effect["receipt"])["response"]["status"] == 200


async def test_steps_with_nothing_between_them_run_at_once(stage: Stage) -> None:
    """Independent effects are in flight together, in one record."""
    stage.stub.held = {"/a": asyncio.Event(), "/b": asyncio.Event()}
    run_id = await stage.start(
        await stage.define(
            [
                stage.action("/a", step={"dependsOn": []}),
                stage.action("/b", step={"dependsOn": []}),
                transform("c", step={"dependsOn": ["a", "b"]}),
            ]
        )
    )
    async with stage.worker():
        await until(lambda: len(stage.stub.calls) == 2, "both calls")
        stage.stub.held["/b"].set()
        stage.stub.held["/a"].set()
        row = await stage.ended(run_id)
    assert row["status"] == "completed"
