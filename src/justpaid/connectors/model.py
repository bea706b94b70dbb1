"""What an action is, what it is about to send, and how performing it can end.

A caller goes through these in order: `ActionSpec.check` on the config as written, `build` on the
config as resolved, `perform` on what was built. Between the last two the request can be stored:
`PreparedRequest.to_json` holds all that has to be sent again, and no secret.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from justpaid import exact_json
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.outbound.messages import Headers

# The pieces of a text with templates, in order: a literal, or None where a template stands.
TemplatePieces: TypeAlias = Sequence[str | None]
SplitTemplate: TypeAlias = Callable[[str], TemplatePieces]


class EffectClass(StrEnum):
    """How an action is made safe to repeat."""

    READ = "read"
    IDEMPOTENT = "idempotent"
    VERIFIABLE = "verifiable"
    UNSAFE = "unsafe"


class Delivery(StrEnum):
    """What a failure proves about the provider's side."""

    NONE = "none"  # nothing was done there, and nothing was refused for good
    REFUSED = "refused"  # the provider said no, definitely
    UNCERTAIN = "uncertain"  # it may have been done


class FailureCode(StrEnum):
    """What went wrong, in the words of a step's error record."""

    TIMEOUT = "TIMEOUT"
    NETWORK = "NETWORK"
    HTTP_STATUS = "HTTP_STATUS"
    TEMPLATE = "TEMPLATE"
    CONNECTION = "CONNECTION"
    OUTPUT_TOO_LARGE = "OUTPUT_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class EffectRule:
    """How one call of an action may be repeated.

    `key_memory_hours`: for how long the provider remembers a key; None means for ever.
    """

    effect_class: EffectClass
    key_memory_hours: int | None = None
    replays_errors: bool = False


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request as an action resolved it; the credential and the key are added when it is sent.

    `key_header` names the header that carries the idempotency key, if one does.
    """

    method: str
    url: str
    headers: Headers
    body: str | None
    effect_class: EffectClass
    key_header: str | None = None
    fails_on_status: bool = True

    def to_json(self) -> JsonObject:
        """Return all of it as JSON, to be stored with the intent."""
        headers: list[JsonValue] = [[name, value] for name, value in self.headers]
        return {
            "method": self.method,
            "url": self.url,
            "headers": headers,
            "body": self.body,
            "effectClass": self.effect_class.value,
            "keyHeader": self.key_header,
            "failOnStatus": self.fails_on_status,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, JsonValue]) -> "PreparedRequest":
        """Read back what `to_json` gave."""
        headers, body, key_header = stored["headers"], stored["body"], stored["keyHeader"]
        pairs = headers if isinstance(headers, list) else []
        return cls(
            method=str(stored["method"]),
            url=str(stored["url"]),
            headers=tuple((str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list)),
            body=None if body is None else str(body),
            effect_class=EffectClass(str(stored["effectClass"])),
            key_header=None if key_header is None else str(key_header),
            fails_on_status=stored["failOnStatus"] is True,
        )

    def fingerprint(self) -> bytes:
        """Return what tells this request from another: a SHA-256 over what the provider sees."""
        parts = [self.method, self.url, [list(pair) for pair in self.headers], self.body]
        return hashlib.sha256(exact_json.encode(parts)).digest()


@dataclass(frozen=True, slots=True)
class ActionDone:
    """The action was performed. `capture` is the exchange for people who debug; all masked."""

    output: JsonObject
    receipt: JsonObject
    capture: JsonObject


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """The action failed. `may_pass`: worth a retry; `details` join the error's record; masked."""

    code: FailureCode
    message: str
    may_pass: bool = False
    delivery: Delivery = Delivery.NONE
    retry_after_seconds: int | None = None
    details: JsonObject = field(default_factory=dict)
    capture: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """How a read tells whether an action of class `verifiable` has happened.

    `build(request, key)` makes the read for a request as it was recorded. `judge(request, answer)`
    takes the read's `{status, headers, body}` and gives the action's output if it happened, None if
    it did not. A read that is answered with one of `absent` says that it did not, too; any other
    failure leaves the effect in doubt.
    """

    build: Callable[[PreparedRequest, str], PreparedRequest]
    judge: Callable[[PreparedRequest, JsonObject], JsonObject | None]
    absent: frozenset[int] = frozenset({404})


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action of one provider: everything that validation, forms and documents need.

    `url_fields`: config fields that are URLs. Fill them with `url_template.url_encoder`, so that
    text from a template stays inside the segment it stands in.
    `check(config, split, path)`: what is wrong with a config as written, beyond its schema; each
    problem carries its path under `path`.
    `effect_rule(config)` and `build(config)` take the resolved config. `build` is pure and raises
    InvalidInput, with paths under `config`, for what cannot be sent. `read_back`: needed by what
    the rule may call verifiable.
    """

    name: str
    provider: str
    title: str
    description: str
    config_schema: JsonObject
    output_schema: JsonObject
    url_fields: frozenset[str]
    check: Callable[[JsonObject, SplitTemplate, str], list[Problem]]
    effect_rule: Callable[[JsonObject], EffectRule]
    build: Callable[[JsonObject], PreparedRequest]
    read_back: ReadBack | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: how it is authenticated, and what it offers.

    `needs_origins`: each connection lists the origins its credential may go to. Otherwise
    `origins` holds them for every connection.
    """

    name: str
    title: str
    description: str
    auth_types: tuple[str, ...]
    actions: tuple[ActionSpec, ...]
    needs_origins: bool = False
    origins: tuple[str, ...] = ()
    may_go_without: bool = False
