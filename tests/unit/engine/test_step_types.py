"""The step types: what their configs mean, and what is refused before a run."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from justpaid.connectors.http import build_request, effect_rule
from justpaid.engine.contract import Asks, Completed, Failed, StepContext, Waits
from justpaid.engine.model import ErrorCode
from justpaid.errors import InvalidInput
from justpaid.ids import new_id
from justpaid.steps.approval import Approve
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.steps.condition import Decide
from justpaid.steps.stop import Stop
from justpaid.steps.transform import Transform
from justpaid.steps.wait import Wait
from justpaid.workflows.program import StepNode, compile_definition

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _compile(kind: str, config: Any, **fields: Any) -> StepNode:
    step = {"id": "a", "type": kind, "config": config, **fields}
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": [step]}
    return compile_definition(definition, STEP_TYPES).nodes["a"]


def _problems(kind: str, config: Any, **fields: Any) -> list[str]:
    with pytest.raises(InvalidInput) as raised:
        _compile(kind, config, **fields)
    places = [problem.field.removeprefix("steps[0].") for problem in raised.value.problems]
    return list(dict.fromkeys(places))


def _context(kind: str, config: Any, value: Any = None) -> StepContext:
    names: dict[str, Any] = {"input": value, "steps": {}, "variables": {}, "env": {}}
    return StepContext(
        new_id(), new_id(), new_id(), None, _compile(kind, config), "a", 1, names, NOW
    )


def _decide(conditions: Any, value: Any = None) -> Any:
    result = Decide().evaluate(_context("condition", {"conditions": conditions}, value))
    if isinstance(result, Failed):
        return result
    output: Any = result.output
    return output["result"]


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        ("{{input.n}}", "eq", 5, True),
        ("{{input.n}}", "eq", "5.0", True),
        ("{{input.text}}", "eq", 5, True),
        ("{{input.text}}", "eq", "5.00", False),  # two texts compare as texts
        ("{{input.n}}", "ne", "6", True),
        ("{{input.n}}", "eq", "five", False),
        ("{{input.null}}", "eq", None, True),
        ("{{input.text}}", "gt", "10", False),  # numeric strings order as numbers
        ("{{input.n}}", "lt", "10", True),
        ("{{input.n}}", "gte", 5, True),
        ("{{input.n}}", "lte", Decimal("4.9"), False),
        ("2026-01-02", "gt", "2026-01-01", True),
        ("{{input.list}}", "contains", "2", True),
        ("{{input.list}}", "contains", 7, False),
        ("{{input.word}}", "contains", "bill", True),
        ("{{input.null}}", "contains", "x", False),
        ("{{input.word}}", "startsWith", "bi", True),
        ("{{input.word}}", "endsWith", "ing", True),
        ("{{input.word}}", "matches", "^b.l+ing$", True),
        ("{{input.word}}", "matches", "z", False),
        ("{{input.missing}}", "exists", None, False),
        ("{{input.n}}", "exists", None, True),
        ("{{input.missing}}", "isEmpty", None, True),
        ("{{input.empty}}", "isEmpty", None, True),
        ("{{input.n}}", "isEmpty", None, False),
        ("input.n", "eq", 5, True),  # braces are optional around a path
        ("billing", "eq", "{{input.word}}", True),
    ],
)
def test_comparisons(left: Any, operator: str, right: Any, *, expected: bool) -> None:
    """Each operator decides as it is named; a number and a numeric string compare as numbers."""
    value = {
        "n": 5,
        "text": "5",
        "null": None,
        "list": [1, 2, "x"],
        "word": "billing",
        "empty": [],
    }
    comparison = {"left": left, "operator": operator, "right": right}
    assert _decide(comparison, value) is expected


def test_conditions_nest() -> None:
    """Groups combine, and stop at what decides."""
    more = {"left": "{{input.n}}", "operator": "gt", "right": 3}
    less = {"left": "{{input.n}}", "operator": "lt", "right": 3}
    broken = {"left": "{{input.n}}", "operator": "gt", "right": [1]}
    assert _decide({"all": [more, {"not": less}]}, {"n": 5}) is True
    assert _decide({"any": [less, more, broken]}, {"n": 5}) is True
    assert _decide({"all": [less, broken]}, {"n": 5}) is False
    failed = _decide({"all": [more, broken]}, {"n": 5})
    assert isinstance(failed, Failed)
    assert failed.code is ErrorCode.TEMPLATE


def test_an_expression_decides_by_its_truth() -> None:
    """A string is an expression; braces in it are optional."""
    expression = "{{input.amount}} > 5000 && {{input.region}} === 'EU'"
    assert _decide(expression, {"amount": Decimal("5000.01"), "region": "EU"}) is True
    assert _decide("input.amount > 5000", {"amount": 5000}) is False


def test_a_condition_shows_what_it_compared() -> None:
    """The recorded input of a comparison has its operands filled."""
    comparison = {"left": "{{input.n}}", "operator": "gt", "right": 3}
    result = Decide().evaluate(_context("condition", {"conditions": comparison}, {"n": 5}))
    assert isinstance(result, Completed)
    assert result.input == {"conditions": {"left": 5, "operator": "gt", "right": 3}}


@pytest.mark.parametrize(
    ("conditions", "fields"),
    [
        (5, ["config.conditions"]),
        ("1 +", ["config.conditions"]),
        ({"left": 1, "operator": "like", "right": 2}, ["config.conditions.operator"]),
        ({"operator": "eq"}, ["config.conditions.left", "config.conditions.right"]),
        (
            {"all": [{"left": 1, "operator": "eq", "right": 1, "x": 1}]},
            ["config.conditions.all[0].x"],
        ),
        ({"all": []}, ["config.conditions.all"]),
        ({"all": ["true"], "any": ["true"]}, ["config.conditions"]),
        (
            {"not": {"left": "{{stpes.a}}", "operator": "exists"}},
            ["config.conditions.not.left"],
        ),
    ],
)
def test_bad_conditions_are_refused_in_place(conditions: Any, fields: list[str]) -> None:
    """Each mistake in a condition is named with its path."""
    assert _problems("condition", {"conditions": conditions}) == fields


def test_a_transform_keeps_types_and_digits() -> None:
    """A whole template keeps its value's type; text around it makes a text."""
    mapping = {"whole": "{{input.x}}", "text": "n={{input.x}}", "deep": [{"y": "{{input.o}}"}]}
    value = {"x": Decimal("2.90"), "o": {"k": [None, True]}}
    result = Transform().evaluate(_context("transform", {"mapping": mapping}, value))
    assert isinstance(result, Completed)
    assert result.output == {
        "whole": Decimal("2.90"),
        "text": "n=2.90",
        "deep": [{"y": {"k": [None, True]}}],
    }


@pytest.mark.parametrize(
    ("config", "span"),
    [
        ({"duration": 1500}, timedelta(milliseconds=1500)),
        ({"duration": "{{input.n}}", "unit": "minutes"}, timedelta(minutes=5)),
        ({"duration": Decimal("1.5"), "unit": "hours"}, timedelta(minutes=90)),
        ({"duration": 365, "unit": "days"}, timedelta(days=365)),
        ({"until": "2026-03-01T14:00:00+01:00"}, timedelta(hours=1)),
        ({"until": "2026-03-02T00:00:00Z"}, timedelta(hours=12)),
        ({"until": "{{input.at}}"}, timedelta(days=1)),
        ({"until": "2020-01-01"}, None),
    ],
)
def test_waits_count_from_their_dependencies(config: Any, span: timedelta | None) -> None:
    """A wait is due a span after what it depends on has settled, or at the moment it names."""
    value = {"n": 5, "at": "2026-03-02T12:00:00"}
    result = Wait().evaluate(_context("wait", config, value))
    assert isinstance(result, Waits)
    if span is None:
        assert result.until < NOW
    else:
        assert result.until - NOW == span


@pytest.mark.parametrize(
    "config",
    [
        {"duration": "{{input.bad}}"},
        {"duration": "{{input.long}}", "unit": "days"},
        {"until": "{{input.bad}}"},
        {"until": "{{input.far}}"},
        {"duration": "{{input.nothing}}"},
    ],
)
def test_a_wait_that_makes_no_sense_fails_its_step(config: Any) -> None:
    """What a template yields is held to the same bounds as what is written."""
    value = {"bad": "soon", "long": 366, "far": "2028-01-01T00:00:00Z"}
    result = Wait().evaluate(_context("wait", config, value))
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TEMPLATE


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"duration": 5, "until": "2026-01-01"},
        {"duration": -1},
        {"duration": 366, "unit": "days"},
        {"duration": 5, "unit": "weeks"},
        {"until": "soon"},
        {"until": "2026-01-01T00:00:00Z", "unit": "days"},
    ],
)
def test_bad_waits_are_refused(config: Any) -> None:
    """A wait without an end, or past 365 days, is not stored."""
    assert _problems("wait", config)


def test_a_wait_tells_how_long_it_took() -> None:
    """The output is the time between the dependencies' settling and now, in milliseconds."""
    context = _context("wait", {"duration": 100})
    done = Wait().resume(context, NOW + timedelta(milliseconds=2), NOW + timedelta(seconds=1))
    assert done.output == {"waited": 1000}


def test_a_stop_says_how_the_run_ends() -> None:
    """Status, message and output; completed by default."""
    result = Stop().evaluate(_context("stop", {"output": "{{input.n}}"}, {"n": 1}))
    assert isinstance(result, Completed)
    assert result.output == {"status": "completed", "message": None, "output": 1}
    assert _problems("stop", {"status": "paused"}) == ["config.status"]


@pytest.mark.parametrize(
    ("action", "config", "fields"),
    [
        ("http.fetch", {"url": "https://acme.test"}, ["action"]),
        ("http.request", {}, ["config.url"]),
        ("http.request", {"url": "https://acme.test", "verb": "GET"}, ["config.verb"]),
        ("http.request", {"url": "acme.test"}, ["config.url"]),
        ("http.request", {"url": "https://acme.test/{{stpes.a}}"}, ["config.url"]),
        (
            "http.request",
            {"url": "https://acme.test", "json": 1, "text": "x"},
            ["config.text"],
        ),
    ],
)
def test_bad_actions_are_refused(action: str, config: Any, fields: list[str]) -> None:
    """An action's config is held to the action's own form when the workflow is stored."""
    assert _problems("action", config, action=action) == fields


def test_every_type_is_ready_for_forms() -> None:
    """Each type has a title, a description, and both for each of its fields."""
    for step_type in STEP_TYPES.values():
        assert step_type.title
        assert step_type.description
        properties = step_type.config_schema["properties"]
        assert isinstance(properties, dict)
        for field in properties.values():
            assert isinstance(field, dict)
            assert field["title"]
            assert field["description"]


@pytest.mark.parametrize(
    "config",
    [
        {"until": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-01:00"},
        {"duration": "1e999999999"},
        {"duration": "1e999999", "unit": "days"},
    ],
)
def test_a_wait_past_every_calendar_is_told_as_a_mistake(config: Any) -> None:
    """A moment or span that no clock can hold is refused when written, and fails a step by name."""
    assert _problems("wait", config)
    written = {name: f"{{{{input.{name}}}}}" if name != "unit" else config[name] for name in config}
    result = Wait().evaluate(_context("wait", written, config))
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TEMPLATE


def test_whole_numbers_count_however_json_writes_them() -> None:
    """`2.0` and `2e0` are whole numbers, to the schema and to the step."""
    config: Any = {"approvers": ["a@b.co", "c@d.co"], "required": Decimal("2.0")}
    asks = Approve().evaluate(_context("approval", {**config, "timeoutMs": Decimal("6e4")}))
    assert isinstance(asks, Asks)
    assert (asks.terms["required"], asks.until) == (2, NOW + timedelta(minutes=1))
    request: Any = {"url": "https://a.example/", "method": "POST"}
    request["idempotencyMemoryHours"] = Decimal("12.0")
    assert build_request(request).key_header
    assert effect_rule(request).key_memory_hours == 12
