"""The executor under crashes, repeated commits and delays, against an undisturbed run."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from justpaid.engine.model import RunStatus, StepStatus
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import Program, compile_definition
from tests.property.engine_world import Chance, Memory, Provider, live


def _program(shape: list[tuple[str, int]]) -> Program:
    steps: list[dict[str, Any]] = []
    for number, (kind, back) in enumerate(shape):
        step: dict[str, Any] = {"id": f"s{number}", "type": kind}
        before = f"s{max(number - back, 0)}"
        if back and number:
            step["dependsOn"] = [before]
            value = f"{{{{steps.{before}.output}}}}"
        else:
            step["dependsOn"] = []
            value = "{{input.n}}"
        if kind == "action":
            step |= {"action": "http.request", "config": {"url": "https://a.test/", "json": value}}
        elif kind == "condition":
            step["config"] = {"conditions": "true"}
        else:
            step["config"] = {"mapping": {"from": value, "at": "{{now}}"}}
        steps.append(step)
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": steps}
    return compile_definition(definition, STEP_TYPES)


_SHAPES = st.lists(
    st.tuples(st.sampled_from(("action", "action", "transform", "condition")), st.integers(0, 3)),
    min_size=1,
    max_size=7,
)


@settings(max_examples=200, deadline=None)
@given(
    _SHAPES,
    st.sets(st.integers(1, 60), max_size=8),
    st.sets(st.integers(1, 60), max_size=5),
    st.lists(st.integers(0, 4), max_size=10),
)
def test_a_disturbed_run_ends_as_an_undisturbed_one(
    shape: list[tuple[str, int]], deaths: set[int], repeats: set[int], delays: list[int]
) -> None:
    """Whatever dies when: one key and one request an effect, nothing completed is done again."""
    program = _program(shape)
    quiet = Memory(Chance(set(), set()))
    asyncio.run(live(program, quiet, Provider(quiet, [])))
    memory = Memory(Chance(deaths, repeats))
    provider = Provider(memory, delays)
    asyncio.run(live(program, memory, provider))
    assert memory.status is quiet.status is RunStatus.COMPLETED
    assert _told(memory) == _told(quiet)
    assert all(len(keys) == 1 for keys in provider.keys.values())
    assert all(len(requests) == 1 for requests in provider.requests.values())
    assert len(provider.done) == sum(1 for kind, _ in shape if kind == "action")
    assert provider.sent_after_completion == []
    assert memory.computed_after_commit == []
    assert {effect.generation for effect in memory.effects.values()} <= {1}
    assert {attempt for _, attempt in memory.steps} == {1}


def _told(memory: Memory) -> dict[str, StepStatus]:
    return {path: row.status for (path, _), row in memory.steps.items()}
