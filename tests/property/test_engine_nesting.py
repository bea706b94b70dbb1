"""Nested loops and branches, run whole, against an independent reading of the rules.

The reading knows nothing of the engine: it judges each list of steps by the rules of order, and
each loop and branch by what its rounds come to. Where a failure or a race makes it a matter of
chance which steps inside have run, it says so, and nothing is asked of them.
"""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justpaid.errors import InvalidInput
from justpaid.exact_json import stored
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import compile_definition
from tests.property.engine_world import Chance, Memory, Provider, live
from tests.property.test_engine_order import Reference, workflows

_DEEPEST = 2


@dataclass
class Outcome:
    """What a list comes to: by path what is certain; `chance`: beginnings of other paths."""

    has_failed: bool = False
    told: dict[str, str] = field(default_factory=dict)
    gives: dict[str, Any] = field(default_factory=dict)
    chance: list[str] = field(default_factory=list)
    output: Any = None
    outputs: list[Any] = field(default_factory=list)  # of a race: one of these


class Reading:
    """Reads what a run must come to straight from the rules."""

    def __init__(self, fates: Mapping[str, str]) -> None:
        self.fates = fates

    def read(self, steps: list[dict[str, Any]], prefix: str, items: tuple[int, ...]) -> Outcome:
        """Judge a list of steps: who runs, who is skipped and why, what the last one gives."""
        inside = {step["id"]: self.container(step, prefix, items) for step in steps}
        fates = {step["id"]: self.fate(step, inside[step["id"]], items) for step in steps}
        reference = Reference(steps, fates)
        found = Outcome()
        for step in steps:
            name = step["id"]
            outcome = reference.outcome(name)
            path = prefix + name
            found.told[path] = outcome
            within = inside[name]
            if outcome == "failed" and step["errorHandling"]["strategy"] == "fail":
                found.has_failed = True
            if within is not None and outcome in {"completed", "failed"}:
                found.told |= within.told
                found.gives |= within.gives
                found.chance += within.chance
            if outcome == "completed":
                found.output = found.gives[path] = self.output(step, path, items, within)
        for step in steps:
            written = step.get("dependsOn")
            if written and step["type"] == "transform" and prefix + step["id"] in found.gives:
                found.gives[prefix + step["id"]]["read"] = found.gives.get(prefix + written[-1])
        if found.has_failed:  # whatever else has run by then is a matter of chance
            found.told, found.gives, found.chance = {}, {}, [prefix]
        return found

    def fate(self, step: Mapping[str, Any], inside: Outcome | None, items: tuple[int, ...]) -> str:
        """Say what becomes of a step once it is its turn, in this round."""
        fate = self.fates[step["id"]]
        if fate == "off" and (not items or items[-1] == 1):
            return "off"
        if inside is not None:
            return "broken" if inside.has_failed else "yes"
        if fate == "broken" and (not items or items[-1] == 0):
            return "broken"
        return "no" if fate == "no" else "yes"

    def container(
        self, step: Mapping[str, Any], prefix: str, items: tuple[int, ...]
    ) -> Outcome | None:
        """Judge a step with bodies by its rounds; None for any other."""
        path, config = prefix + step["id"], step["config"]
        if step["type"] == "loop":
            rounds = [
                self.read(config["steps"], f"{path}[{number}].", (*items, item))
                for number, item in enumerate(config["collection"])
            ]
            return self.joined(path, rounds, {"results": [each.output for each in rounds]})
        if step["type"] != "parallel":
            return None
        branches = {
            branch["name"]: self.read(branch["steps"], f"{path}.", items)
            for branch in config["branches"]
        }
        if config["waitForAll"]:
            outputs = {name: branch.output for name, branch in branches.items()}
            return self.joined(path, list(branches.values()), outputs)
        winners = [{name: each.output} for name, each in branches.items() if not each.has_failed]
        return Outcome(not winners, chance=[f"{path}."], outputs=winners)

    def joined(self, path: str, rounds: list[Outcome], output: Any) -> Outcome:
        """Judge a container whose rounds all have to end well."""
        if any(each.has_failed for each in rounds):
            return Outcome(has_failed=True, chance=[f"{path}.", f"{path}["])
        found = Outcome(output=output)
        for each in rounds:
            found.told |= each.told
            found.gives |= each.gives
            found.chance += each.chance
        return found

    def output(
        self, step: Mapping[str, Any], path: str, items: tuple[int, ...], inside: Outcome | None
    ) -> Any:
        """Say what a completed step gives."""
        if inside is not None:
            return OneOf(inside.outputs) if inside.outputs else inside.output
        if step["type"] == "condition":
            return {"result": self.fates[step["id"]] != "no"}
        return {"path": path} if step["type"] == "action" else {"at": list(items)}


@dataclass
class OneOf:
    """A value that chance decides."""

    values: list[Any]


def fits(expected: Any, found: Any) -> bool:
    """Tell whether a value is the expected one, chance allowed for."""
    if isinstance(expected, OneOf):
        return any(fits(value, found) for value in expected.values)
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() <= found.keys() and all(
            fits(value, found[name]) for name, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(fits, expected, found))
    return expected == found


@st.composite
def nested(
    draw: st.DrawFn, names: "itertools.count[int] | None" = None, depth: int = 0
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Draw a list of steps, some of them with bodies, and what will become of each."""
    names = names or itertools.count()
    steps, fates = draw(workflows(most=(5, 3, 2)[depth]).filter(_has_an_order))
    own = {step["id"]: f"{'abc'[depth]}{next(names)}" for step in steps}
    found = {own[step_id]: fate for step_id, fate in fates.items()}
    for step in steps:
        step["id"] = own[step["id"]]
        step.pop("when", None)
        for links in (step, step["config"]):
            for field_name in ("dependsOn", "then", "else"):
                if field_name in links:
                    links[field_name] = [own[other] for other in links[field_name]]
        fails = draw(st.integers(0, 5)) == 0
        step["errorHandling"] = {"strategy": "fail" if fails else "continue"}
        if step["type"] == "transform":
            found |= _equip(draw, step, names, depth)
    return steps, found


def _has_an_order(drawn: tuple[list[dict[str, Any]], dict[str, str]]) -> bool:
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": drawn[0]}
    try:
        compile_definition(definition, STEP_TYPES)
    except InvalidInput:
        return False
    return True


def _equip(
    draw: st.DrawFn, step: dict[str, Any], names: "itertools.count[int]", depth: int
) -> dict[str, str]:
    """Make a step one of several types; return the fates of those inside it."""
    kinds = ("transform", "action", "loop", "parallel")
    kind = step["type"] = draw(st.sampled_from(kinds if depth < _DEEPEST else kinds[:2]))
    fates: dict[str, str] = {}
    if kind == "action":
        step["action"] = "http.request"
    elif kind == "loop":
        body, fates = draw(nested(names, depth + 1))
        items = draw(st.lists(st.integers(0, 2), max_size=3))
        step["config"] = {
            "collection": items,
            "concurrency": draw(st.integers(1, 3)),
            "steps": body,
        }
    elif kind == "parallel":
        branches: list[dict[str, Any]] = []
        for name in "xyz"[: draw(st.integers(1, 3))]:
            body, inner = draw(nested(names, depth + 1))
            fates |= inner
            branches.append({"name": name, "steps": body})
        step["config"] = {"branches": branches, "waitForAll": draw(st.booleans())}
    return fates


def _write(steps: list[dict[str, Any]], fates: Mapping[str, str], items: tuple[str, ...]) -> None:
    """Write each step so that it does what its fate says, in the rounds where it says so."""
    for step in steps:
        fate = fates[step["id"]]
        last = items[-1] if items else None
        if fate == "off":
            step["when"] = "false" if last is None else f"{last} != 1"
        is_broken = fate == "broken"
        fault = "1 / 0" if last is None else f"{last} == 0 ? 1 / 0 : 1"
        if step["type"] == "condition":
            truth = "false" if fate == "no" else "true"
            step["config"]["conditions"] = f"({fault}) > 0" if is_broken else truth
        elif step["type"] == "transform":
            mapping: dict[str, Any] = {"at": [f"{{{{ {item} }}}}" for item in items]}
            if is_broken:
                mapping["fault"] = f"{{{{ {fault} }}}}"
            for other in step.get("dependsOn", ()):
                mapping["read"] = f"{{{{ steps.{other}.output }}}}"
            step["config"] = {"mapping": mapping}
        elif step["type"] == "action":
            refused = "'refuse'" if last is None else f"{last} == 0 ? 'refuse' : 1"
            value = f"{{{{ {refused} }}}}" if is_broken else 1
            step["config"] = {"url": "https://a.test/", "json": value}
        elif step["type"] == "loop":
            name = step["config"]["itemVariable"] = f"item{len(items)}"
            _write(step["config"]["steps"], fates, (*items, name))
        else:
            for branch in step["config"]["branches"]:
                _write(branch["steps"], fates, items)


def _value(text: str | None) -> Any:
    return None if text is None else stored(text)


def _status_of(memory: Memory) -> dict[str, str]:
    return {
        path: row.skip_reason or row.status
        for (path, _), row in sorted(memory.steps.items(), key=lambda item: item[0][1])
    }


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(
    nested(),
    st.sets(st.integers(1, 120), max_size=6),
    st.sets(st.integers(1, 120), max_size=4),
    st.lists(st.integers(0, 4), max_size=20),
)
def test_nested_lists_follow_the_rules_whatever_dies(
    drawn: tuple[list[dict[str, Any]], dict[str, str]],
    deaths: set[int],
    repeats: set[int],
    delays: list[int],
) -> None:
    """Every round runs, skips and ends as the rules say, under crashes and in any order."""
    steps, fates = drawn
    _write(steps, fates, ())
    expected = Reading(fates).read(steps, "", ())
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": steps}
    memory = Memory(Chance(deaths, repeats))
    provider = Provider(memory, delays)
    asyncio.run(live(compile_definition(definition, STEP_TYPES), memory, provider))
    found = _status_of(memory)
    assert memory.status == ("failed" if expected.has_failed else "completed")
    assert {path: found.get(path) for path in expected.told} == expected.told
    beside = [path for path in found if path not in expected.told]
    assert [path for path in beside if not path.startswith(tuple(expected.chance))] == []
    if not expected.has_failed:
        assert fits(expected.output, _value(memory.output))
    outputs = {path: _value(row.output_text) for (path, _), row in memory.steps.items()}
    wrong = {path for path, value in expected.gives.items() if not fits(value, outputs[path])}
    assert wrong == set()
    assert not {"running", "suspended", "retrying"} & set(found.values())
    assert all(len(keys) == 1 for keys in provider.keys.values())
    assert all(len(requests) == 1 for requests in provider.requests.values())
    assert provider.sent_after_completion == []
    assert memory.computed_after_commit == []
