"""Proofs about runs: killed workers lose and repeat nothing, and numbers stay what they are."""

import asyncio
import time
from collections import defaultdict
from decimal import Decimal
from typing import Any, Final

from justpaid import exact_json
from justpaid.proofs.instance import ENDED, Instance
from justpaid.proofs.model import Finding

_RUNS: Final = 12
_STEPS: Final = ("charge", "invoice", "receipt")
_LEASES: Final = 2
_TWENTY_DIGITS: Final = 12345678901234567890


def _post(url: str, step_id: str, body: object, **config: object) -> dict[str, Any]:
    return {
        "id": step_id,
        "type": "action",
        "action": "http.request",
        "config": {"method": "POST", "url": url, "json": body, **config},
        "errorHandling": {"strategy": "retry"},
    }


async def prove_survival(instance: Instance) -> Finding:
    """Kill the worker while requests are on their way; another one has to end every run."""
    outside = instance.outside
    subjects = [f"{{{{input.order}}}} {step}" for step in _STEPS]
    workflow_id = await instance.define(
        [
            _post(f"{outside.address}/keyed", step, {"subject": subject})
            for step, subject in zip(_STEPS, subjects, strict=True)
        ]
    )
    outside.is_slow = True
    seen_before = len(outside.arrivals)
    starts = [await instance.start(workflow_id, {"order": f"order {n}"}) for n in range(_RUNS)]

    async def is_under_way() -> bool:
        return len(outside.arrivals) - seen_before > _RUNS

    await instance.until(is_under_way)
    pid = instance.kill_worker()
    killed_at = time.monotonic()
    records = await asyncio.gather(
        *(instance.reaches(start.data["runId"], *ENDED) for start in starts)
    )
    seconds = time.monotonic() - killed_at
    outside.is_slow = False
    done = [outside.acts[f"order {n} {step}"] for n in range(_RUNS) for step in _STEPS]
    arrivals = outside.arrivals[seen_before:]
    keys: dict[str, set[str | None]] = defaultdict(set)
    for arrival in arrivals:
        keys[arrival.subject].add(arrival.key)
    completed = sum(record["status"] == "completed" for record in records)
    once = sum(times == 1 for times in done)
    one_key = all(len(used) == 1 and None not in used for used in keys.values())
    return Finding(
        f"kill -9 of the worker (process {pid}) under {_RUNS} runs of {len(_STEPS)} requests each",
        f"{completed} of {_RUNS} runs completed, the last {seconds:.1f} s after the kill; the"
        f" provider got {len(arrivals)} requests and carried {once} of {len(done)} out exactly once"
        f"{', each under one key' if one_key else ', some under several keys'}",
        completed == _RUNS and once == len(done) and one_key,
    )


async def prove_no_repeat(instance: Instance) -> Finding:
    """Kill the worker while a provider without idempotency is at work: it is not asked again."""
    outside = instance.outside
    workflow_id = await instance.define(
        [_post(f"{outside.address}/ignoring", "pay", {"subject": "pay out"}, idempotency="none")]
    )
    run_id = (await instance.start(workflow_id, {})).data["runId"]

    async def has_arrived() -> bool:
        return outside.acts["pay out"] > 0

    await instance.until(has_arrived)
    instance.kill_worker()
    waiting = await instance.reaches(run_id, "suspended", *ENDED)
    (effect,) = (await instance.ask("GET", f"runs/{run_id}/effects")).data
    said = {"outcome": "done", "output": {"status": 200}, "comment": "Found at the provider."}
    await instance.ask("POST", f"runs/{run_id}/effects/{effect['id']}/resolve", said)
    ended = await instance.reaches(run_id, *ENDED)
    times = outside.acts["pay out"]
    is_in_doubt = waiting["status"] == "suspended" and effect["outcome"] == "unknown"
    return Finding(
        "kill -9 of the worker while a payment was at a provider that ignores idempotency keys",
        f"the run was {waiting['status']} and the payment {effect['outcome']}; it arrived {times}"
        f" time{'' if times == 1 else 's'}; after a person had said what came of it the run was"
        f" {ended['status']}",
        is_in_doubt and times == 1 and ended["status"] == "completed",
    )


async def prove_numbers(instance: Instance) -> Finding:
    """Compute, store and send amounts that binary floats get wrong."""
    outside = instance.outside
    sums = {"fee": "{{100 * 0.029}}", "total": "{{0.1 + 0.2}}", "big": "{{input.big}}"}
    sent = {"subject": "numbers", **{name: f"{{{{steps.sums.output.{name}}}}}" for name in sums}}
    workflow_id = await instance.define(
        [
            {"id": "sums", "type": "transform", "config": {"mapping": sums}},
            _post(f"{outside.address}/keyed", "send", sent),
        ],
        "{{steps.sums.output}}",
    )
    seen_before = len(outside.arrivals)
    answer = await instance.start(workflow_id, {"big": _TWENTY_DIGITS}, wait=True)
    output: Any = answer.data.get("output")
    arrived = [exact_json.parse(each.body) for each in outside.arrivals[seen_before:]]
    expected = {"fee": Decimal("2.9"), "total": Decimal("0.3"), "big": _TWENTY_DIGITS}
    is_exact = output == expected and arrived == [{"subject": "numbers", **expected}]
    return Finding(
        f"100 * 0.029, 0.1 + 0.2 and the integer {_TWENTY_DIGITS}: computed, recorded, and sent to"
        " a provider",
        f"the record says {_show(output)}; the provider got"
        f" {'the same' if is_exact else _show(arrived)}",
        is_exact,
    )


def _show(value: object) -> str:
    return exact_json.encode_text(value).replace(",", ", ")
