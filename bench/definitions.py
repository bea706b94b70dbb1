"""The workflows that are measured."""

from typing import Any


def five_steps(stub_port: int, name: str = "Five steps") -> dict[str, Any]:
    """Start → transform → condition → transform → one recorded HTTP GET → transform."""
    mapping = {"amount": "{{ input.amount }}", "fee": "{{ round(input.amount * 0.029, 2) }}"}
    total = "{{ steps.fee.output.amount + steps.fee.output.fee }}"
    done = {
        "invoice": "{{ steps.fetch.output.body.id }}",
        "total": "{{ steps.shape.output.total }}",
    }
    fetch = {"method": "GET", "url": f"http://127.0.0.1:{stub_port}/invoices/1"}
    return {
        "name": name,
        "trigger": {"type": "api"},
        "steps": [
            _transform("fee", mapping),
            {"id": "large", "type": "condition", "config": {"conditions": "input.amount > 100"}},
            _transform("shape", {"total": total}),
            {"id": "fetch", "type": "action", "action": "http.request", "config": fetch},
            _transform("done", done),
        ],
    }


def light_steps(count: int) -> dict[str, Any]:
    """Make a chain of transforms, each of which reads the one before."""
    steps = [_transform("s0", {"n": "{{ input.amount }}"})]
    steps += [
        _transform(f"s{number}", {"n": f"{{{{ steps.s{number - 1}.output.n + 1 }}}}"})
        for number in range(1, count)
    ]
    return {"name": f"{count} light steps", "trigger": {"type": "api"}, "steps": steps}


def items_in_a_loop(count: int) -> dict[str, Any]:
    """Make a loop over the input's list, one transform an item, five items side by side."""
    body = [_transform("double", {"n": "{{ item * 2 }}"})]
    config = {
        "collection": "{{ input.items }}",
        "maxIterations": count,
        "concurrency": 5,
        "steps": body,
    }
    steps = [{"id": "each", "type": "loop", "config": config}]
    return {"name": f"Loop of {count} items", "trigger": {"type": "api"}, "steps": steps}


def branches(count: int, stub_port: int | None = None) -> dict[str, Any]:
    """Make so many branches side by side: a transform each, or a call where a port is named."""
    fetch = {"method": "GET", "url": f"http://127.0.0.1:{stub_port}/invoices/1"}

    def step(number: int) -> dict[str, Any]:
        if stub_port is None:
            return _transform(f"s{number}", {"n": f"{{{{ input.amount + {number} }}}}"})
        return {"id": f"s{number}", "type": "action", "action": "http.request", "config": fetch}

    sides = [{"name": f"b{number}", "steps": [step(number)]} for number in range(count)]
    steps = [{"id": "all", "type": "parallel", "config": {"branches": sides}}]
    return {"name": f"{count} branches", "trigger": {"type": "api"}, "steps": steps}


def pauses(seconds: int, count: int) -> dict[str, Any]:
    """Make a chain of short waits, which a worker holds in memory."""
    wait = {"duration": seconds, "unit": "seconds"}
    steps = [{"id": f"pause{number}", "type": "wait", "config": wait} for number in range(count)]
    return {"name": "Pauses", "trigger": {"type": "api"}, "steps": steps}


def _transform(step_id: str, mapping: dict[str, str]) -> dict[str, Any]:
    return {"id": step_id, "type": "transform", "config": {"mapping": mapping}}
