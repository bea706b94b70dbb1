"""The runs of a soak: one workflow for each thing the engine can do, and what each must come to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Step = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """A workflow; `outputs` lists what a run of an input may come to."""

    name: str
    steps: Sequence[Step]
    output: Any
    outputs: Callable[[Mapping[str, Any]], Sequence[Any]]
    share: int = 2
    settings: Mapping[str, Any] | None = None

    def definition(self) -> dict[str, Any]:
        """Write the workflow as the API takes it."""
        base = {"name": self.name, "trigger": {"type": "api"}, "steps": self.steps}
        return (
            base | {"output": self.output} | ({"settings": self.settings} if self.settings else {})
        )


def shapes(url: str, child_id: str, quick_id: str) -> list[Shape]:
    """Make every shape for a provider's address; the ids are of the workflows that others start."""
    return [
        *_plain(url),
        *_waiting(url),
        *_nested(url, child_id),
        _quick_children(quick_id),
        Shape(
            "refused",
            [_keyed(url, "a", refuse=True)],
            {"a": "{{steps.a.output.body.doubled}}"},
            lambda given: [{"a": given["amount"] * 2}],
        ),
        Shape(
            "limited",
            [_keyed(url, "a")],
            {"a": "{{steps.a.output.body.doubled}}"},
            lambda given: [{"a": given["amount"] * 2}],
            settings={"maxConcurrentRuns": 3},
        ),
    ]


def child(url: str) -> Shape:
    """Make the workflow that others start; it is a chain."""
    return _plain(url)[0]


def quick_child() -> Shape:
    """Make one that ends within milliseconds, while its parent is about to be suspended."""
    steps = [_wait("w", "{{input.n}}"), _transform("t", n="{{input.n + 1}}")]
    return Shape("quick", steps, "{{steps.t.output}}", lambda _: [])


def _quick_children(quick_id: str) -> Shape:
    waits = [3, 11, 5, 23, 2, 17, 8, 29]
    started = {"workflowId": quick_id, "input": {"ref": "{{input.ref}}/{{index}}", "n": "{{item}}"}}
    body = {"id": "quick", "type": "workflow", "config": started}
    config = {"collection": waits, "concurrency": 4, "steps": [body]}
    return Shape(
        "quick children",
        [{"id": "all", "type": "loop", "config": config}],
        "{{steps.all.output.results}}",
        lambda _: [[{"n": item + 1} for item in waits]],
        share=4,
    )


def _plain(url: str) -> list[Shape]:
    fan = [_keyed(url, name, step={"dependsOn": []}) for name in ("a", "b", "c")]
    total = "{{" + " + ".join(f"steps.{name}.output.body.doubled" for name in "abc") + "}}"
    return [
        Shape(
            "chain",
            [
                _transform("net", amount="{{input.amount * 2}}"),
                _keyed(url, "a", amount="{{steps.net.output.amount}}"),
                _keyed(url, "b", amount="{{steps.a.output.body.doubled}}"),
            ],
            {"b": "{{steps.b.output.body.doubled}}"},
            lambda given: [{"b": given["amount"] * 8}],
        ),
        Shape(
            "fan",
            [*fan, _transform("sum", step={"dependsOn": ["a", "b", "c"]}, total=total)],
            "{{steps.sum.output}}",
            lambda given: [{"total": given["amount"] * 6}],
        ),
        Shape(
            "unsafe",
            [_keyed(url, "a"), _unkeyed(url, "b")],
            {"b": "{{steps.b.output.body.doubled}}"},
            lambda given: [{"b": given["amount"] * 2}],
            share=6,
        ),
    ]


def _waiting(url: str) -> list[Shape]:
    approval = {
        "approvers": ["cfo@example.com"],
        "allowApiKeys": True,
        "title": "{{input.ref}} {{input.approve}}",
        "then": ["pay"],
        "else": ["note"],
    }
    return [
        Shape(
            "short wait",
            [_keyed(url, "a"), _wait("w", 300), _keyed(url, "b")],
            {"b": "{{steps.b.output.body.doubled}}"},
            lambda given: [{"b": given["amount"] * 2}],
        ),
        Shape(
            "long wait",
            [_wait("w", 5200), _keyed(url, "b")],
            {"b": "{{steps.b.output.body.doubled}}"},
            lambda given: [{"b": given["amount"] * 2}],
            share=1,
        ),
        Shape(
            "approval",
            [
                {"id": "ask", "type": "approval", "config": approval},
                _keyed(url, "pay"),
                _transform("note", text="rejected"),
            ],
            {
                "approved": "{{steps.ask.output.approved}}",
                "paid": "{{steps.pay.output.body.doubled ?? null}}",
            },
            lambda given: [
                {
                    "approved": given["approve"],
                    "paid": given["amount"] * 2 if given["approve"] else None,
                }
            ],
            share=4,
        ),
        Shape(
            "cancelled",
            [_keyed(url, "a"), _wait("w", 700), _keyed(url, "b")],
            {"b": "{{steps.b.output.body.doubled}}"},
            lambda given: [{"b": given["amount"] * 2}],
        ),
    ]


def _nested(url: str, child_id: str) -> list[Shape]:
    sent = _keyed(url, "send", path="each[{{index}}].send", amount="{{item}}")
    each = {
        "collection": "{{input.items}}",
        "concurrency": 2,
        "steps": [sent, _transform("keep", doubled="{{steps.send.output.body.doubled}}")],
    }
    started = {
        "workflowId": child_id,
        "input": {"ref": "{{input.ref}}/{{index}}", "amount": "{{item}}"},
    }
    family = {
        "collection": "{{input.items}}",
        "concurrency": 2,
        "steps": [{"id": "child", "type": "workflow", "config": started}],
    }
    return [
        Shape(
            "loop",
            [{"id": "each", "type": "loop", "config": each}],
            "{{steps.each.output.results}}",
            lambda given: [[{"doubled": item * 2} for item in given["items"]]],
        ),
        Shape(
            "parallel",
            [_branches(url, wait_for_all=True)],
            "{{steps.both.output}}",
            lambda given: [{side: {"doubled": given["amount"] * 2} for side in ("left", "right")}],
        ),
        Shape(
            "race",
            [_branches(url, wait_for_all=False)],
            "{{steps.both.output}}",
            lambda given: [{side: {"doubled": given["amount"] * 2}} for side in ("left", "right")],
        ),
        Shape(
            "children",
            [{"id": "all", "type": "loop", "config": family}],
            "{{steps.all.output.results}}",
            lambda given: [[{"b": item * 8} for item in given["items"]]],
        ),
        Shape(
            "cancelled parent",
            [_keyed(url, "a"), {"id": "all", "type": "loop", "config": family}, _keyed(url, "b")],
            {"b": "{{steps.b.output.body.doubled}}"},
            lambda given: [{"b": given["amount"] * 2}],
        ),
    ]


def _branches(url: str, *, wait_for_all: bool) -> Step:
    branches = [
        {
            "name": side,
            "steps": [
                _keyed(url, side),
                _transform(f"keep-{side}", doubled=f"{{{{steps.{side}.output.body.doubled}}}}"),
            ],
        }
        for side in ("left", "right")
    ]
    config = {"branches": branches, "waitForAll": wait_for_all}
    return {"id": "both", "type": "parallel", "config": config}


def _keyed(
    url: str,
    step_id: str,
    *,
    path: str | None = None,
    amount: str = "{{input.amount}}",
    step: Step | None = None,
    **more: Any,
) -> Step:
    body = {"ref": "{{input.ref}}", "step": path or step_id, "amount": amount, **more}
    return {
        "id": step_id,
        "type": "action",
        "action": "http.request",
        "config": {"method": "POST", "url": f"{url}/keyed", "json": body},
        "timeoutMs": 10_000,
        "retryConfig": {"maxAttempts": 20, "initialDelayMs": 20, "maxDelayMs": 200},
        "errorHandling": {"strategy": "retry"},
        **(step or {}),
    }


def _unkeyed(url: str, step_id: str) -> Step:
    made = _keyed(url, step_id)
    made["config"] |= {"url": f"{url}/unkeyed", "idempotency": "none"}
    return made


def _transform(step_id: str, *, step: Step | None = None, **mapping: Any) -> Step:
    return {"id": step_id, "type": "transform", "config": {"mapping": mapping}, **(step or {})}


def _wait(step_id: str, milliseconds: object) -> Step:
    return {"id": step_id, "type": "wait", "config": {"duration": milliseconds}}


def new_input(ref: str, amount_cents: int, *, approve: bool) -> dict[str, Any]:
    """Make a run's input; amounts have two digits and are never binary."""
    amount = Decimal(amount_cents) / 100
    return {
        "ref": ref,
        "amount": amount,
        "items": [amount + step for step in range(3)],
        "approve": approve,
    }
