"""Triggers, cron expressions and event filters: what they may say, and what is refused."""

from typing import Any

import pytest

from justpaid.errors import Problem
from justpaid.workflows.cron import CronSyntaxError, parse_cron
from justpaid.workflows.event_filter import check_filter
from justpaid.workflows.trigger import check_trigger

CONNECTION = "conn_01jd9yw5q2e6s8n0p3r5t7v9xb"


def check(trigger: Any) -> dict[str, str]:
    """Return what is wrong with a trigger: path → message."""
    problems: list[Problem] = []
    check_trigger(trigger, "trigger", problems)
    return {problem.field: problem.message for problem in problems}


GOOD: list[dict[str, Any]] = [
    {"type": "api"},
    {"type": "webhook", "provider": "stripe"},
    {
        "type": "webhook",
        "provider": "custom",
        "path": "orders-2026_x",
        "events": ["order.paid"],
        "verifySignature": False,
        "filter": {"data.amount": {"$gt": 100}},
        "connectionId": CONNECTION,
    },
    {"type": "schedule", "cron": "*/15 9-17 * * mon-fri", "timezone": "Europe/Berlin"},
    {"type": "schedule", "interval": {"value": 1, "unit": "weeks"}, "enabled": False},
    {"type": "schedule", "interval": {"value": 525600, "unit": "minutes"}, "catchUp": "all"},
    {"type": "event", "source": "workflow", "events": [], "filter": {}},
]


@pytest.mark.parametrize("trigger", GOOD)
def test_every_trigger_of_the_table_is_accepted(trigger: dict[str, Any]) -> None:
    """All that the reference promises can be stored."""
    assert check(trigger) == {}


BAD: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {"trigger.type": "is required"}),
    ({"type": "cron"}, {"trigger.type": "must be one of api, webhook, schedule, event"}),
    ({"type": ["api"]}, {"trigger.type": "must be one of api, webhook, schedule, event"}),
    ({"type": "api", "path": "x"}, {"trigger.path": "is not a known field"}),
    ({"type": "webhook"}, {"trigger.provider": "is required"}),
    (
        {"type": "webhook", "provider": "stripe", "path": "x"},
        {"trigger.path": "belongs to the provider 'custom' only"},
    ),
    (
        {"type": "webhook", "provider": "custom", "path": "a/b"},
        {"trigger.path": 'does not match "^[A-Za-z0-9_-]{1,128}$"'},
    ),
    (
        {"type": "webhook", "provider": "stripe", "events": ["a", 5], "verifySignature": "no"},
        {
            "trigger.events[1]": "must be a string",
            "trigger.verifySignature": "must be true or false",
        },
    ),
    ({"type": "schedule"}, {"trigger.cron": "a schedule has exactly one of cron and interval"}),
    (
        {"type": "schedule", "cron": "* * * * *", "interval": {"value": 1, "unit": "days"}},
        {"trigger.interval": "a schedule has exactly one of cron and interval"},
    ),
    (
        {"type": "schedule", "cron": "* * *"},
        {"trigger.cron": "must have five fields: minute hour day month weekday"},
    ),
    ({"type": "schedule", "cron": 5}, {"trigger.cron": "must be a string"}),
    (
        {"type": "schedule", "interval": {"value": 0, "unit": "years"}},
        {
            "trigger.interval.value": "is less than the minimum of 1",
            "trigger.interval.unit": "must be one of minutes, hours, days, weeks",
        },
    ),
    (
        {"type": "schedule", "cron": "0 9 * * *", "timezone": "Berlin", "catchUp": "some"},
        {
            "trigger.timezone": "is not an IANA time zone",
            "trigger.catchUp": "must be one of latest, all, none",
        },
    ),
    ({"type": "event"}, {"trigger.source": "is required"}),
    (
        {"type": "event", "source": "stripe", "filter": {"a": {"$like": "x"}}},
        {"trigger.filter.a.$like": "is not a known operator"},
    ),
]


@pytest.mark.parametrize(("trigger", "expected"), BAD)
def test_a_wrong_trigger_says_what_is_wrong(
    trigger: dict[str, Any], expected: dict[str, str]
) -> None:
    """A trigger that would never fire as meant is refused by its path."""
    assert check(trigger) == expected


def test_cron_fields_are_read_as_every_cron_reads_them() -> None:
    """Lists, ranges, steps and names mean what people know them to mean."""
    cron = parse_cron("*/20,7 9-17/4 1,15 jan-mar,12 MON,7")
    assert cron.minutes == {0, 20, 40, 7}
    assert cron.hours == {9, 13, 17}
    assert cron.days == {1, 15}
    assert cron.months == {1, 2, 3, 12}
    assert cron.weekdays == {0, 1}
    assert cron.is_either_day
    assert parse_cron("5/20 * * * *").minutes == {5, 25, 45}
    assert not parse_cron("0 0 1 * *").is_either_day
    assert not parse_cron("0 0 * * 1").is_either_day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "1,,2 * * * *",
        "-1 * * * *",
        "* * * mon *",
        "*/ * * * *",
        "٣ * * * *",
        "0 0 30 feb *",
        "0 0 31 2,4 *",
        "0 " * 200,
    ],
)
def test_no_cron_that_is_none(text: str) -> None:
    """A typo is found when a schedule is stored, not when it fails to fire."""
    with pytest.raises(CronSyntaxError):
        parse_cron(text)


def test_a_leap_day_comes() -> None:
    """29 February is rare, not impossible; and a weekday makes 30 February possible."""
    assert parse_cron("0 0 29 2 *").days == {29}
    assert parse_cron("0 0 30 2 1").is_either_day


def filter_problems(value: Any) -> dict[str, str]:
    """Return what is wrong with a filter: path → message."""
    problems: list[Problem] = []
    check_filter(value, "filter", problems)
    return {problem.field: problem.message for problem in problems}


def test_every_operator_of_the_table_is_known() -> None:
    """All operators and joints that the reference promises can be stored."""
    assert (
        filter_problems(
            {
                "a": {"$eq": 1, "$ne": None, "$gt": 1, "$gte": 1, "$lt": 1, "$lte": 1},
                "b.c.0": {"$in": [1], "$nin": [], "$exists": False, "$contains": "x"},
                "d": {"$regex": "^in_[0-9]+$", "$not": {"$eq": 1}},
                "$and": [{"a": {"$eq": 1}}, {"$or": [{"a": {"$eq": 2}}]}],
                "$not": {"a": {"$eq": 3}},
            }
        )
        == {}
    )


FILTERS: list[tuple[Any, dict[str, str]]] = [
    (5, {"filter": "must be an object"}),
    ({"a": 5}, {"filter.a": "must be an object of operators such as {$eq: …}"}),
    ({"a": {}}, {"filter.a": "must be an object of operators such as {$eq: …}"}),
    ({"a": {"$like": 1}}, {"filter.a.$like": "is not a known operator"}),
    ({"$nor": []}, {"filter.$nor": "is not a known operator here"}),
    ({"$and": []}, {"filter.$and": "must be a list of one or more filters"}),
    ({"$or": [5]}, {"filter.$or[0]": "must be an object"}),
    ({"a..b": {"$eq": 1}}, {"filter.a..b": "must be a dot path such as data.object.amount"}),
    ({"a": {"$in": 5}}, {"filter.a.$in": "must be a list"}),
    ({"a": {"$exists": 1}}, {"filter.a.$exists": "must be true or false"}),
    ({"a": {"$regex": "("}}, {"filter.a.$regex": "is not a valid RE2 pattern"}),
    ({"a": {"$regex": "(?=x)"}}, {"filter.a.$regex": "is not a valid RE2 pattern"}),
    (
        {"a": {"$regex": "x" * 1001}},
        {"filter.a.$regex": "must be a pattern of at most 1000 characters"},
    ),
]


@pytest.mark.parametrize(("value", "expected"), FILTERS)
def test_a_wrong_filter_says_what_is_wrong(value: Any, expected: dict[str, str]) -> None:
    """A filter that could not be matched is refused by the path of its mistake."""
    assert filter_problems(value) == expected
