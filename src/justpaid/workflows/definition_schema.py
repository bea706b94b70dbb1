"""The form of a definition as JSON Schema: what is checked first, and what the reference shows."""

from typing import Final

from justpaid.exact_json import JsonObject
from justpaid.workflows.json_schema import DIALECT, safe_validator

MAX_STEPS: Final = 500
MAX_RUN_MS: Final = 30 * 86_400_000  # 30 days
DEFAULT_RUN_MS: Final = 86_400_000  # 24 hours
_MAX_DELAY_MS: Final = 86_400_000
STEP_ID: Final = "[A-Za-z][A-Za-z0-9_-]{0,63}"
_WORKFLOW_ID: Final = "^wf_[0-7][0-9a-hjkmnp-tv-z]{25}$"

RETRY_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "description": "How often and how soon a failed attempt is repeated under strategy `retry`.",
    "properties": {
        "maxAttempts": {"type": "integer", "minimum": 1, "maximum": 20, "default": 3},
        "initialDelayMs": {
            "type": "integer",
            "minimum": 0,
            "maximum": _MAX_DELAY_MS,
            "default": 1000,
        },
        "maxDelayMs": {"type": "integer", "minimum": 0, "maximum": _MAX_DELAY_MS, "default": 30000},
        "backoffMultiplier": {"type": "number", "minimum": 1, "maximum": 10, "default": 2},
    },
    "additionalProperties": False,
}

ERROR_HANDLING_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "description": "What a failure does: end the run, go on, or try again first.",
    "properties": {
        "strategy": {"enum": ["fail", "continue", "retry"], "default": "fail"},
        "fallback": {"description": "The step's output when it failed and the run goes on."},
    },
    "additionalProperties": False,
}

STEP_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {
        "id": {
            "type": "string",
            "pattern": f"^{STEP_ID}$",
            "description": "Unique in the whole workflow.",
        },
        "type": {"type": "string", "description": "One of the step types."},
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "action": {
            "type": "string",
            "maxLength": 200,
            "description": "Of an action step: `connector.actionName`.",
        },
        "config": {"type": "object", "description": "By type; its strings are templates."},
        "dependsOn": {
            "type": "array",
            "maxItems": MAX_STEPS,
            "items": {"type": "string"},
            "description": "Steps of the same list that must settle first.",
        },
        "when": {"type": "string", "description": "An expression; false skips the step."},
        "retryConfig": RETRY_SCHEMA,
        "errorHandling": ERROR_HANDLING_SCHEMA,
        "timeoutMs": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_RUN_MS,
            "description": "Per attempt.",
        },
    },
    "additionalProperties": False,
}

SETTINGS_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "timeoutMs": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_RUN_MS,
            "default": DEFAULT_RUN_MS,
            "description": "Limit of a run's time in `running`.",
        },
        "maxConcurrentRuns": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "description": "Started and unfinished runs of this workflow; others stay `pending`.",
        },
        "onFailure": {
            "type": "object",
            "required": ["workflowId"],
            "properties": {"workflowId": {"type": "string", "pattern": _WORKFLOW_ID}},
            "additionalProperties": False,
            "description": "A workflow started with the failed run as its input.",
        },
    },
    "additionalProperties": False,
}

# Steps and trigger are checked piece by piece, so that one wrong piece does not hide the others.
TOP_LEVEL_SCHEMA: Final[JsonObject] = {
    "$schema": DIALECT,
    "type": "object",
    "required": ["name", "trigger", "steps"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": {"type": "string", "maxLength": 5000},
        "trigger": {"type": "object", "description": "What starts a run."},
        "steps": {"type": "array", "minItems": 1, "description": "What a run does."},
        "variables": {"type": "object", "description": "Read as `variables.<name>`."},
        "inputSchema": {
            "type": ["object", "boolean"],
            "description": "JSON Schema 2020-12 that a run's input must match.",
        },
        "outputSchema": {
            "type": ["object", "boolean"],
            "description": "JSON Schema 2020-12 that a run's output must match.",
        },
        "output": {"description": "The run's output; its strings are templates."},
        "settings": SETTINGS_SCHEMA,
        "layout": {"type": "object", "description": "The canvas's own; never read by a run."},
    },
    "additionalProperties": False,
}

TOP_LEVEL_FIELDS: Final = (
    "name",
    "description",
    "trigger",
    "steps",
    "variables",
    "inputSchema",
    "outputSchema",
    "output",
    "settings",
    "layout",
)

top_level_validator: Final = safe_validator(TOP_LEVEL_SCHEMA)
step_validator: Final = safe_validator(STEP_SCHEMA)
