"""Compiling a definition: what it gives the engine, and everything that it refuses, by path."""

from decimal import Decimal
from typing import Any

import pytest

from justpaid.errors import InvalidInput
from justpaid.exact_json import JsonObject
from justpaid.workflows.limits import RetryPolicy, Settings
from justpaid.workflows.program import compile_definition
from tests.unit.workflows.definitions import (
    ALL_TYPES,
    compiled,
    condition,
    loop,
    parallel,
    problems,
    reading,
    refused,
    step,
    workflow,
)

KEY = "wfk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0tewKi"


def test_a_small_workflow_compiles_with_its_defaults() -> None:
    """What a definition leaves out has the documented default."""
    program = compiled(step("a", {"x": "{{ input.x }}"}))
    node = program.nodes["a"]
    assert program.settings == Settings(timeout_ms=86_400_000)
    assert (node.name, node.strategy, node.timeout_ms) == ("a", "fail", 30_000)
    assert node.retry == RetryPolicy(3, 1000, 30_000, Decimal(2))
    assert (node.has_fallback, node.fallback, node.when) == (False, None, None)
    assert program.output is None
    assert program.input_schema is None


def test_everything_written_is_read() -> None:
    """No field of a step or of the settings is taken and then forgotten."""
    program = compiled(
        step("first"),
        step(
            "a",
            name="Add up",
            dependsOn=["first"],
            when="input.go",
            retryConfig={
                "maxAttempts": 7,
                "initialDelayMs": 0,
                "maxDelayMs": 9,
                "backoffMultiplier": Decimal("1.5"),
            },
            errorHandling={"strategy": "retry", "fallback": None},
            timeoutMs=1234,
        ),
        variables={"rate": Decimal("0.19")},
        output={"sum": "{{ steps.a.output.sum }}"},
        settings={
            "timeoutMs": 5000,
            "maxConcurrentRuns": 2,
            "onFailure": {"workflowId": "wf_01jd9yw5q2e6s8n0p3r5t7v9xb"},
        },
    )
    node = program.nodes["a"]
    assert (node.name, node.dependencies, node.timeout_ms) == ("Add up", ("first",), 1234)
    assert node.when is not None
    assert node.when.evaluate({"input": {"go": 1}}) == 1
    assert node.retry == RetryPolicy(7, 0, 9, Decimal("1.5"))
    assert (node.strategy, node.has_fallback, node.fallback) == ("retry", True, None)
    assert program.settings == Settings(5000, 2, "wf_01jd9yw5q2e6s8n0p3r5t7v9xb")
    assert program.variables == {"rate": Decimal("0.19")}
    assert program.output is not None
    assert program.roots == {"input", "steps"}


def test_a_condition_knows_its_paths_and_its_steps_their_owner() -> None:
    """The engine can tell from one node why a step is skipped."""
    program = compiled(condition("q", then=["y"], orelse=["z"]), step("y"), step("z"), step("m"))
    assert program.nodes["q"].paths == {"then": ("y",), "else": ("z",)}
    assert program.nodes["y"].owner == ("q", "then")
    assert program.nodes["z"].owner == ("q", "else")
    assert program.nodes["m"].owner is None
    assert program.nodes["m"].dependencies == ("q", "y", "z")
    assert program.steps.dependents["q"] == ("y", "z", "m")
    assert [node.id for node in program.steps.sequence] == ["q", "y", "z", "m"]


def test_bodies_are_lists_of_their_own() -> None:
    """Loops and branches carry compiled inner steps with their variables."""
    program = compiled(
        loop("each", step("one", {"v": "{{ deal }}"}), step("two"), itemVariable="deal"),
        parallel("both", left=[step("l")], right=[step("r")]),
    )
    each = program.nodes["each"]
    assert each.variables == {"itemVariable": "deal", "indexVariable": "index"}
    assert [node.id for node in each.bodies["steps"].nodes] == ["one", "two"]
    assert program.nodes["two"].dependencies == ("one",)
    assert set(program.nodes["both"].bodies) == {"left", "right"}
    assert set(program.steps.by_id) == {"each", "both"}
    assert set(program.nodes) == {"each", "one", "two", "both", "l", "r"}
    assert program.nodes["l"].place == "steps[1].config.branches[0].steps[0]"
    assert program.nodes["l"].timeout_ms == 30_000
    assert each.timeout_ms is None


def test_resolving_gives_the_config_without_its_structure() -> None:
    """A handler sees values: templates filled, literal fields as written, no inner steps."""
    program = compiled(
        {"id": "c", "type": "code", "config": {"code": "return {{1}}", "input": "{{ input.n }}"}},
        loop("each", step("one"), maxIterations=5),
    )
    names: JsonObject = {"input": {"n": Decimal("2.90"), "items": [1]}}
    assert program.nodes["c"].resolve(names) == {"code": "return {{1}}", "input": Decimal("2.90")}
    assert program.nodes["each"].resolve(names) == {"collection": [1], "maxIterations": 5}


STRUCTURE: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"name": None}, {"name": "must be a string"}),
    ({"name": "x" * 256}, {"name": "is longer than 255 characters"}),
    ({"description": "x" * 5001}, {"description": "is longer than 5000 characters"}),
    ({"trigger": []}, {"trigger": "must be an object"}),
    ({"steps": []}, {"steps": "has less than 1 item"}),
    ({"steps": {}}, {"steps": "must be an array"}),
    ({"variables": [1]}, {"variables": "must be an object"}),
    ({"layout": 1}, {"layout": "must be an object"}),
    ({"stepz": 1}, {"stepz": "is not a known field"}),
    ({"settings": {"timeoutMs": 0}}, {"settings.timeoutMs": "is less than the minimum of 1"}),
    (
        {"settings": {"timeoutMs": 2_592_000_001}},
        {"settings.timeoutMs": "is greater than the maximum of 2592000000"},
    ),
    ({"settings": {"retries": 1}}, {"settings.retries": "is not a known field"}),
    ({"settings": {"onFailure": {}}}, {"settings.onFailure.workflowId": "is required"}),
    (
        {"output": "{{ steps.gone.output }}"},
        {"output": "no step has the id 'gone' (position 3)"},
    ),
    ({"inputSchema": 5}, {"inputSchema": "must be true or false or an object"}),
]


@pytest.mark.parametrize(("fields", "expected"), STRUCTURE)
def test_the_top_level_is_checked(fields: dict[str, Any], expected: dict[str, str]) -> None:
    """A wrong top-level field is named, with what it should be."""
    found = refused({**workflow(step("a")), **fields})
    assert expected.items() <= found.items()


def test_required_fields_are_named() -> None:
    """An empty definition says what a definition needs."""
    assert refused({}) == dict.fromkeys(("name", "trigger", "steps"), "is required")


STEPS: list[tuple[Any, dict[str, str]]] = [
    ("text", {"steps[0]": "must be an object"}),
    ({}, {"steps[0].id": "is required", "steps[0].type": "is required"}),
    (
        {"id": "1a", "type": "stop"},
        {"steps[0].id": 'does not match "^[A-Za-z][A-Za-z0-9_-]{0,63}$"'},
    ),
    ({"id": "a", "type": "nothing"}, {"steps[0].type": "is not a known step type"}),
    (step("a", colour=1), {"steps[0].colour": "is not a known field"}),
    ({"id": "a", "type": "transform", "config": []}, {"steps[0].config": "must be an object"}),
    ({"id": "a", "type": "transform"}, {"steps[0].config.mapping": "is required"}),
    (
        step("a", action="http.request"),
        {"steps[0].action": "a step of type transform has no action"},
    ),
    ({"id": "a", "type": "action"}, {"steps[0].action": "is required"}),
    (step("a", dependsOn="b"), {"steps[0].dependsOn": "must be an array"}),
    (step("a", dependsOn=[1]), {"steps[0].dependsOn[0]": "must be a string"}),
    (step("a", when=True), {"steps[0].when": "must be a string"}),
    (step("a", timeoutMs=0), {"steps[0].timeoutMs": "is less than the minimum of 1"}),
    (step("a", timeoutMs=Decimal("1.5")), {"steps[0].timeoutMs": "must be a whole number"}),
    (
        step("a", retryConfig={"maxAttempts": 21, "backoffMultiplier": Decimal("0.9"), "x": 1}),
        {
            "steps[0].retryConfig.maxAttempts": "is greater than the maximum of 20",
            "steps[0].retryConfig.backoffMultiplier": "is less than the minimum of 1",
            "steps[0].retryConfig.x": "is not a known field",
        },
    ),
    (
        step("a", errorHandling={"strategy": "ignore"}),
        {"steps[0].errorHandling.strategy": "must be one of fail, continue, retry"},
    ),
    (
        {**loop("a", step("b")), "retryConfig": {}, "timeoutMs": 5},
        {
            "steps[0].retryConfig": "a step of type loop is not retried",
            "steps[0].timeoutMs": "a step of type loop has no timeoutMs",
        },
    ),
    (
        {**loop("a", step("b")), "errorHandling": {"strategy": "retry"}},
        {"steps[0].errorHandling.strategy": "a step of type loop is not retried"},
    ),
    (
        step("a", {"x": "{{ input. }}"}),
        {"steps[0].config.mapping.x": "the expression ends where more was expected (position 9)"},
    ),
    (
        step("a", when="input.x >"),
        {"steps[0].when": "the expression ends where more was expected (position 9)"},
    ),
    (
        condition("a", conditions="stpes.a"),
        {"steps[0].config.conditions": "there is no `stpes`; did you mean `steps`? (position 0)"},
    ),
    (
        parallel("a", left=[step("l")])
        | {
            "config": {
                "branches": [
                    {"name": "x", "steps": [step("l")]},
                    {"name": "x", "steps": [step("r")]},
                ]
            }
        },
        {"steps[0].config.branches[1].name": "the name 'x' is taken"},
    ),
    (
        parallel("a", left=[step("l", colour=1)]),
        {"steps[0].config.branches[0].steps[0].colour": "is not a known field"},
    ),
    (
        loop(
            "a",
            loop(
                "b",
                {"id": "c", "type": "action", "action": "http.request", "config": {}},
                itemVariable="x",
            ),
        ),
        {"steps[0].config.steps[0].config.steps[0].config.url": "is required"},
    ),
    (loop("a"), {"steps[0].config.steps": "has less than 1 item"}),
]


@pytest.mark.parametrize(("raw", "expected"), STEPS)
def test_a_step_is_checked(raw: Any, expected: dict[str, str]) -> None:
    """A wrong field of a step is named by its whole path, however deep the step stands."""
    found = problems(raw)
    assert expected.keys() <= found.keys()
    assert {field: found[field] for field in expected} == expected


def test_an_id_is_taken_once_in_the_whole_workflow() -> None:
    """The same id in an inner list is refused too: records are found by it."""
    found = problems(step("a"), step("a"), loop("l", step("a"), step("b")), step("b"))
    assert found == {
        "steps[1].id": "the id 'a' is taken by steps[0]",
        "steps[2].config.steps[0].id": "the id 'a' is taken by steps[0]",
        "steps[3].id": "the id 'b' is taken by steps[2].config.steps[1]",
    }


def test_inner_steps_count() -> None:
    """500 steps are allowed, wherever they stand, and 501 are not."""
    inner = [step(f"i{number}") for number in range(499)]
    assert problems(loop("l", *inner)) == {}
    assert problems(loop("l", *inner), step("last")) == {
        "steps": "has 501 steps, inner ones counted; at most 500 are allowed"
    }


def test_links_stay_within_their_list() -> None:
    """Neither dependsOn nor a path reaches into a body, or out of one."""
    found = problems(
        step("a"),
        loop("l", step("in", dependsOn=["a"])),
        condition("q", then=["in"]),
        step("b", dependsOn=["in"]),
    )
    assert found == {
        "steps[1].config.steps[0].dependsOn[0]": "no step of this list has the id 'a'",
        "steps[2].config.then[0]": "no step of this list has the id 'in'",
        "steps[3].dependsOn[0]": "no step of this list has the id 'in'",
    }


def test_all_mistakes_are_told_at_once() -> None:
    """Mistakes of every kind come together, so that they are mended in one go."""
    found = refused(
        {
            **workflow(
                step("a", dependsOn=["b"]),
                step("b", dependsOn=["a"]),
                reading("c", "steps.z.output"),
                loop("d", step("e", when="(")),
            ),
            "name": "",
            "trigger": {"type": "webhook"},
            "inputSchema": {"type": "text"},
            "output": "{{ nothing }}",
            "extra": 1,
        }
    )
    assert set(found) == {
        "name",
        "extra",
        "trigger.provider",
        "steps[0].dependsOn[0]",
        "steps[2].config.mapping.v0",
        "steps[3].config.steps[0].when",
        "inputSchema.type",
        "output",
    }


def test_an_api_key_is_found_anywhere_and_not_repeated() -> None:
    """A pasted key is refused wherever it stands, and the refusal does not spread it."""
    found = problems(
        step("a", {"deep": [{"x": f"Bearer {KEY}"}]}, **{KEY: 1}),
        {"id": "b", "type": "code", "config": {"code": f"key = '{KEY}'"}},
        layout={KEY: 1},
    )
    assert "steps[0].config.mapping.deep[0].x" in found
    assert "steps[1].config.code" in found
    assert sum("API key" in message for message in found.values()) >= 3
    assert not any(KEY in text for item in found.items() for text in item)
    assert problems(step("a", {"x": KEY[:-1] + "x"})) == {}


def test_a_program_is_of_its_definition_only() -> None:
    """Compiling changes nothing of what it reads, so that it can be stored as it came."""
    definition = workflow(step("a", {"x": "{{ input.x }}"}), loop("l", step("b")))
    before = repr(definition)
    compile_definition(definition, ALL_TYPES)
    assert repr(definition) == before


SPENT = "the workflow has more than 4000 templates and expressions"
LARGE: list[tuple[str, JsonObject, str, str]] = [
    ("templates", workflow(step("a", {"x": "{{1}}" * 4001})), "steps[0].config", SPENT),
    (
        "text in templates",
        workflow(*[step(f"s{n}", {"x": "{{ '" + "x" * 4000 + "' }}"}) for n in range(16)]),
        "steps[14].config",
        SPENT,
    ),
    (
        "conditions",
        workflow(condition("q", conditions={"any": ["1"] * 4001})),
        "steps[0].config.conditions",
        SPENT,
    ),
    (
        "guards",
        workflow(*[step(f"s{n}", when="x" * 4000) for n in range(16)]),
        "steps[15].when",
        SPENT,
    ),
    ("output", workflow(step("a"), output="{{1}}" * 4001), "output", SPENT),
    (
        "links",
        workflow(step("a", dependsOn=["x"] * 501)),
        "steps[0].dependsOn",
        "more than 500 items",
    ),
    (
        "a filter",
        workflow(
            step("a"),
            trigger={
                "type": "event",
                "source": "x",
                "filter": {f"f{n}": {"$eq": 1} for n in range(600)},
            },
        ),
        "trigger.filter",
        "has more than 1000 values",
    ),
]


@pytest.mark.parametrize(
    ("name", "definition", "place", "message"), LARGE, ids=[x[0] for x in LARGE]
)
def test_what_would_take_seconds_to_compile_is_refused(
    name: str, definition: JsonObject, place: str, message: str
) -> None:
    """One caller's definition cannot hold up everybody else's requests."""
    found = refused(definition)
    assert message in found[place], name
    assert sum(SPENT in text for text in found.values()) <= 1


def test_the_number_of_problems_is_bounded() -> None:
    """A definition that is wrong everywhere gets an answer that can be read."""
    wrong: Any = workflow(condition("q", then=["x"] * 400), condition("r", then=["x"] * 400))
    with pytest.raises(InvalidInput) as error:
        compile_definition(wrong, ALL_TYPES)
    assert len(error.value.problems) == 500
