"""The form of `http.request`: what its config and output look like, for people and validators."""

from typing import Final

from justpaid.exact_json import JsonObject

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
DEFAULT_MEMORY_HOURS: Final = 24
MAX_MEMORY_HOURS: Final = 8760

_SCALAR: Final[JsonObject] = {"type": ["string", "number", "boolean", "null"]}
_PARAMETERS: Final[JsonObject] = {
    "type": "object",
    "additionalProperties": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]},
}

CONFIG_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "required": ["url"],
    "additionalProperties": False,
    "properties": {
        "method": {
            "title": "Method",
            "description": "GET and HEAD only read; every other method is an effect.",
            "enum": list(METHODS),
            "default": "GET",
        },
        "url": {
            "title": "URL",
            "description": "An http or https address. A template fills one path segment or one "
            "query value. With a connection, scheme and host must be written out.",
            "type": "string",
            "minLength": 1,
            "maxLength": 8192,
        },
        "headers": {
            "title": "Headers",
            "description": "Header fields to send. A null value leaves the field out.",
            "type": "object",
            "additionalProperties": _SCALAR,
        },
        "query": {
            "title": "Query parameters",
            "description": "Added to the URL, encoded. A list repeats its parameter; null leaves "
            "it out.",
            **_PARAMETERS,
        },
        "json": {
            "title": "JSON body",
            "description": "Any value, sent as JSON with exact numbers.",
        },
        "form": {
            "title": "Form body",
            "description": "Fields sent as an HTML form would send them.",
            **_PARAMETERS,
        },
        "text": {
            "title": "Text body",
            "description": "Sent as it is, as UTF-8. Set the Content-Type header for its type.",
            "type": "string",
        },
        "connectionId": {
            "title": "Connection",
            "description": "Whose credential to send. It goes only to the origins that the "
            "connection lists.",
            "type": "string",
        },
        "failOnStatus": {
            "title": "Fail on an error status",
            "description": "When off, any answer completes the step, and its status is in the "
            "output.",
            "type": "boolean",
            "default": True,
        },
        "idempotency": {
            "title": "Safe to repeat by",
            "description": "For POST and PATCH. `header` sends an Idempotency-Key, which the "
            "receiver must honour; `none` never repeats a request that may have arrived.",
            "enum": ["header", "none"],
            "default": "header",
        },
        "idempotencyMemoryHours": {
            "title": "Hours a key is remembered",
            "description": "For how long the receiver recognises an Idempotency-Key.",
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_MEMORY_HOURS,
            "default": DEFAULT_MEMORY_HOURS,
        },
    },
}

OUTPUT_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "required": ["status", "headers", "body"],
    "properties": {
        "status": {"title": "Status", "type": "integer"},
        "headers": {
            "title": "Headers",
            "description": "By name in lower case.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
        "body": {
            "title": "Body",
            "description": "Parsed when its type is JSON, otherwise text; null when empty.",
        },
    },
}
