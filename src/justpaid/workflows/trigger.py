"""The form of a trigger (triggers.md): which fields each type has, and what they may hold."""

from collections.abc import Callable
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue, join_path
from justpaid.workflows.cron import CronSyntaxError, parse_cron
from justpaid.workflows.event_filter import MAX_VALUES, check_filter
from justpaid.workflows.json_schema import count_values, safe_validator, schema_problems

WEBHOOK_PROVIDERS: Final = (
    "stripe",
    "salesforce",
    "hubspot",
    "quickbooks",
    "pandadoc",
    "netsuite",
    "slack",
    "justpaid",
    "custom",
)
MAX_INTERVAL: Final = 525_600
_CONNECTION_ID: Final = "^conn_[0-7][0-9a-hjkmnp-tv-z]{25}$"
_EVENTS: Final[JsonObject] = {
    "type": "array",
    "maxItems": 200,
    "items": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Names of events; empty means all.",
}
_FILTER: Final[JsonObject] = {
    "type": "object",
    "description": "Dot path → operators ($eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, "
    "$contains, $regex), with $and, $or, $not.",
}


def _form(name: str, required: list[JsonValue], fields: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "required": ["type", *required],
        "properties": {"type": {"const": name}, **fields},
        "additionalProperties": False,
    }


TRIGGER_SCHEMAS: Final[dict[str, JsonObject]] = {
    "api": _form("api", [], {}),
    "webhook": _form(
        "webhook",
        ["provider"],
        {
            "provider": {"enum": list(WEBHOOK_PROVIDERS)},
            "events": _EVENTS,
            "path": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{1,128}$",
                "description": "The last part of a custom webhook's address.",
            },
            "verifySignature": {"type": "boolean", "default": True},
            "filter": _FILTER,
            "connectionId": {"type": "string", "pattern": _CONNECTION_ID},
        },
    ),
    "schedule": _form(
        "schedule",
        [],
        {
            "cron": {"type": "string", "description": "Five fields, in the given time zone."},
            "interval": {
                "type": "object",
                "required": ["value", "unit"],
                "properties": {
                    "value": {"type": "integer", "minimum": 1, "maximum": MAX_INTERVAL},
                    "unit": {"enum": ["minutes", "hours", "days", "weeks"]},
                },
                "additionalProperties": False,
            },
            "timezone": {"type": "string", "default": "UTC", "description": "An IANA name."},
            "enabled": {"type": "boolean", "default": True},
            "catchUp": {"enum": ["latest", "all", "none"], "default": "latest"},
        },
    ),
    "event": _form(
        "event",
        ["source"],
        {
            "source": {
                "type": "string",
                "pattern": "^[a-z][a-z0-9_-]{0,63}$",
                "description": "A provider, or `workflow`.",
            },
            "events": _EVENTS,
            "filter": _FILTER,
        },
    ),
}

_validators: Final = {name: safe_validator(schema) for name, schema in TRIGGER_SCHEMAS.items()}


def check_trigger(trigger: JsonObject, path: str, problems: list[Problem]) -> None:
    """Report everything that is wrong with a trigger."""
    name = trigger.get("type")
    if not isinstance(name, str) or name not in TRIGGER_SCHEMAS:
        known = ", ".join(TRIGGER_SCHEMAS)
        message = "is required" if name is None else f"must be one of {known}"
        problems.append(Problem(join_path(path, "type"), message))
        return
    problems.extend(schema_problems(_validators[name], trigger, path))
    if isinstance(trigger.get("filter"), dict):
        _check_filter(trigger["filter"], join_path(path, "filter"), problems)
    further = _FURTHER.get(name)
    if further:
        further(trigger, path, problems)


def _check_filter(value: JsonValue, path: str, problems: list[Problem]) -> None:
    if count_values(value, MAX_VALUES) < MAX_VALUES:
        check_filter(value, path, problems)
    else:
        problems.append(Problem(path, f"has more than {MAX_VALUES} values"))


def _check_webhook(trigger: JsonObject, path: str, problems: list[Problem]) -> None:
    if "path" in trigger and trigger.get("provider") != "custom":
        problems.append(Problem(f"{path}.path", "belongs to the provider 'custom' only"))


def _check_schedule(trigger: JsonObject, path: str, problems: list[Problem]) -> None:
    cron = trigger.get("cron")
    if ("cron" in trigger) == ("interval" in trigger):
        place = f"{path}.interval" if "cron" in trigger else f"{path}.cron"
        problems.append(Problem(place, "a schedule has exactly one of cron and interval"))
    if isinstance(cron, str):
        try:
            parse_cron(cron)
        except CronSyntaxError as error:
            problems.append(Problem(f"{path}.cron", str(error)))
    timezone = trigger.get("timezone")
    if isinstance(timezone, str) and timezone not in _timezones():
        problems.append(Problem(f"{path}.timezone", "is not an IANA time zone"))


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


_FURTHER: Final[dict[str, Callable[[JsonObject, str, list[Problem]], None]]] = {
    "webhook": _check_webhook,
    "schedule": _check_schedule,
}
