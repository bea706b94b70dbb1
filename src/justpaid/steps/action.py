"""The step `action`: what a connector offers, performed as an effect of its class.

Guarantee: the intent holds no secret; the credential of the connection chosen is added when the
request is sent, and everything that is recorded afterwards was masked with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol
from urllib.parse import quote
from uuid import UUID

from jsonschema_rs import Validator

from justpaid.connections.lookup import Choice, ConnectionLookup, Opened
from justpaid.connectors.model import (
    ActionDone,
    ActionFailed,
    ActionSpec,
    Delivery,
    PreparedRequest,
    Provider,
)
from justpaid.connectors.url_template import literal_origin, url_encoder
from justpaid.engine.contract import Completed, EffectHandler, Failed, Intent, StepContext
from justpaid.engine.model import ErrorCode
from justpaid.engine.sealed import list_differing
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.template import Template, compile_template
from justpaid.ids import Prefix, decode_id
from justpaid.outbound.capture import show_instead
from justpaid.outbound.masking import MASK, mask_headers
from justpaid.outbound.messages import Credential
from justpaid.outbound.urls import Origin
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_written_config
from justpaid.workflows.json_schema import safe_validator
from justpaid.workflows.program import StepNode
from justpaid.workflows.step_types import StepType

_DEFAULT_TIMEOUT_SECONDS: Final = 30.0
_MASK_IN_URL: Final = quote(MASK, safe="")
_NOT_DONE: Final = "The answer was lost. The provider was asked, and has done nothing."
_CANNOT_FILL: Final = "The config cannot be filled with the writeOnly value that it reads."


class Send(Protocol):
    """Performs a prepared request; `connectors.perform` on the process's outbound client."""

    async def __call__(
        self,
        prepared: PreparedRequest,
        *,
        credential: Credential | None,
        key: str,
        timeout_seconds: float,
        secrets: Sequence[str] = (),
    ) -> ActionDone | ActionFailed:
        """Send once; outcomes are values, with `secrets` masked in them."""
        ...


def make_action_type(actions: Mapping[str, ActionSpec]) -> StepType:
    """Make the step type from the actions there are."""
    validators = {name: safe_validator(spec.config_schema) for name, spec in actions.items()}
    url_fields = frozenset[str]().union(*(spec.url_fields for spec in actions.values()))
    return StepType(
        name="action",
        title="Action",
        description="Does something at a provider, or anywhere that speaks HTTP.",
        is_effectful=True,
        takes_action=True,
        expression_fields=dict.fromkeys(url_fields, _compile_url),
        check=_make_check(actions, validators),
        config_schema={
            "type": "object",
            "properties": {
                "connectionId": {
                    "title": "Connection",
                    "description": "Whose credential to send. Otherwise the run's connection, or "
                    "the company's only active one of this provider.",
                    "type": "string",
                }
            },
        },
    )


def _compile_url(
    value: JsonValue, path: str, problems: list[Problem], extra_names: frozenset[str]
) -> Template:
    return compile_template(value, path, problems, extra_names)


def _make_check(
    actions: Mapping[str, ActionSpec], validators: Mapping[str, Validator]
) -> Callable[[JsonObject, str], list[Problem]]:
    def check(step: JsonObject, path: str) -> list[Problem]:
        name, config = step.get("action"), step.get("config", {})
        spec = actions.get(name) if isinstance(name, str) else None
        if spec is None:
            known = ", ".join(actions)
            return [Problem(f"{path}.action", f"there is no action '{name}'; known are: {known}")]
        if not isinstance(config, dict):
            return []
        where = f"{path}.config"
        problems = check_written_config(validators[spec.name], config, where)
        return problems or spec.check(config, split_template, where)

    return check


def split_template(text: str) -> list[str | None]:
    """Return a text's pieces: what is written, and None where a template stands."""
    template = compile_template(text, "", [])
    return _pieces(template, text)


def _pieces(template: Template, text: str) -> list[str | None]:
    if template.is_constant:
        value = template.evaluate({})
        return [value if isinstance(value, str) else text]
    return [part if isinstance(part, str) else None for part in template.parts]


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A step's config with its templates filled, and what it asks to be sent."""

    spec: ActionSpec
    config: JsonObject
    prepared: PreparedRequest
    origin: Origin | None  # None where a template makes it


class PerformAction(EffectHandler):
    """Prepares and sends the request of a connector's action."""

    def __init__(
        self,
        actions: Mapping[str, ActionSpec],
        providers: Mapping[str, Provider],
        connections: ConnectionLookup,
        send: Send,
    ) -> None:
        self._actions = actions
        self._providers = providers
        self._connections = connections
        self._send = send

    async def prepare(self, context: StepContext) -> Intent | Failed:
        """Resolve the request and choose the connection; nothing leaves."""
        spec = self._actions.get(context.node.action or "")
        if spec is None:
            message = f"There is no action '{context.node.action}'."
            return Failed(ErrorCode.TEMPLATE, message)
        attempted = _attempt_both(spec, context)
        if isinstance(attempted, Failed):
            return attempted
        resolved, shown = attempted
        choice = await self._choose(shown, context)
        if choice.problem is not None:
            return Failed(ErrorCode.CONNECTION, choice.problem, input=_shown_config(shown))
        rule = spec.effect_rule(resolved.config)
        request, shown_request, secrets = resolved.prepared.to_json(), None, context.secrets
        if shown is not resolved:
            shown_request = shown.prepared.to_json()
            secrets = (*secrets, *list_differing(resolved.config, shown.config))
        return Intent(
            rule.effect_class,
            spec.provider,
            spec.name,
            request,
            _shown_config(shown),
            choice.connection_id,
            key_memory_hours=rule.key_memory_hours,
            replays_errors=rule.replays_errors,
            shown_request=None if request == shown_request else shown_request,
            secrets=secrets,
        )

    async def _choose(self, resolved: _Resolved, context: StepContext) -> Choice:
        written = resolved.config.get("connectionId")
        wanted = None if written is None else decode_id(Prefix.CONNECTION, str(written))
        if written is not None and wanted is None:
            return Choice(problem=f"{written!r} is not a connection's id.")
        return await self._connections.choose(
            context.company_id,
            self._providers[resolved.spec.provider],
            wanted=wanted,
            of_run=context.connection_id,
            origin=resolved.origin,
        )

    async def perform(
        self, context: StepContext, request: JsonObject, connection_id: UUID | None, key: str
    ) -> Completed | Failed:
        """Send the recorded request, with the credential of the connection chosen."""
        prepared = PreparedRequest.from_json(request)
        outcome = await self._exchange(context, prepared, connection_id, key)
        if isinstance(outcome, Failed):
            return outcome
        capture = outcome.capture
        if capture is not None and context.shown_request is not None:
            shown = PreparedRequest.from_json(context.shown_request)
            capture = show_instead(capture, shown.url, shown.headers, shown.body)
        if isinstance(outcome, ActionDone):
            return Completed(outcome.output, receipt={**outcome.receipt, **(capture or {})})
        return Failed(
            ErrorCode(outcome.code),
            outcome.message,
            outcome.may_pass,
            outcome.delivery,
            outcome.retry_after_seconds,
            outcome.details,
            receipt=capture,
        )

    async def verify(
        self, context: StepContext, request: JsonObject, connection_id: UUID | None, key: str, /
    ) -> Completed | Failed:
        """Ask the provider, by the read that the action names, whether the request was done."""
        spec = self._actions.get(context.node.action or "")
        read_back = None if spec is None else spec.read_back
        if read_back is None:
            return await super().verify(context, request, connection_id, key)
        sent = PreparedRequest.from_json(request)
        asked = read_back.build(sent, key)
        outcome = await self._exchange(context, asked, connection_id, key)
        if isinstance(outcome, ActionFailed) and outcome.details.get("status") in read_back.absent:
            return Failed(ErrorCode.NETWORK, _NOT_DONE, may_pass=True)
        if not isinstance(outcome, ActionDone):
            message = f"The answer was lost, and asking for it failed: {outcome.message}"
            return Failed(ErrorCode(outcome.code), message, delivery=Delivery.UNCERTAIN)
        found = read_back.judge(sent, outcome.output)
        if found is None:
            return Failed(ErrorCode.NETWORK, _NOT_DONE, may_pass=True)
        return Completed(found, receipt={**outcome.receipt, "readBack": True})

    async def _exchange(
        self,
        context: StepContext,
        prepared: PreparedRequest,
        connection_id: UUID | None,
        key: str,
    ) -> ActionDone | ActionFailed | Failed:
        opened = Opened()
        if connection_id is not None:
            opened = await self._connections.open_credential(context.company_id, connection_id)
        if opened.problem is not None:
            return Failed(ErrorCode.CONNECTION, opened.problem)
        timeout_ms = context.node.timeout_ms
        return await self._send(
            prepared,
            credential=opened.credential,
            key=key,
            timeout_seconds=_DEFAULT_TIMEOUT_SECONDS if timeout_ms is None else timeout_ms / 1000,
            secrets=context.secrets,
        )


def _attempt_both(spec: ActionSpec, context: StepContext) -> tuple[_Resolved, _Resolved] | Failed:
    """Resolve what is sent, and what is shown of it: the same where the input hides nothing."""
    shown = _attempt(spec, context, context.names)
    if context.revealed is None:
        return shown if isinstance(shown, Failed) else (shown, shown)
    resolved = _attempt(spec, context, context.revealed)
    if isinstance(resolved, Failed):
        # What it says may tell of the secret, unless it goes wrong with the mask as well.
        return shown if isinstance(shown, Failed) else Failed(ErrorCode.TEMPLATE, _CANNOT_FILL)
    return resolved, _all_masked(resolved) if isinstance(shown, Failed) else _readable(shown)


def _attempt(
    spec: ActionSpec, context: StepContext, names: Mapping[str, JsonValue]
) -> _Resolved | Failed:
    try:
        return _resolve(spec, context.node, names)
    except ExpressionError as error:
        return bad_template(error)
    except InvalidInput as error:
        return bad_config(error.problems or [Problem("config", error.message)])


def _shown_config(shown: _Resolved) -> JsonObject:
    """Return a config as a run's record keeps it."""
    if "headers" not in shown.config:
        return shown.config
    return {**shown.config, "headers": mask_headers(shown.config["headers"])}


def _all_masked(resolved: _Resolved) -> _Resolved:
    """Return what is shown of a request that cannot be made with the mask in it."""
    body = None if resolved.prepared.body is None else MASK
    headers = tuple((name, MASK) for name, _ in resolved.prepared.headers)
    prepared = replace(resolved.prepared, url=MASK, headers=headers, body=body)
    return replace(resolved, config=dict.fromkeys(resolved.config, MASK), prepared=prepared)


def _readable(shown: _Resolved) -> _Resolved:
    """Return what is shown of a request with the mask in its URL as people know it."""
    url = shown.prepared.url.replace(_MASK_IN_URL, MASK)
    return replace(shown, prepared=replace(shown.prepared, url=url))


def _resolve(spec: ActionSpec, node: StepNode, names: Mapping[str, JsonValue]) -> _Resolved:
    config = node.resolve(names)
    origin = None
    for field, compiled in node.expressions.items():
        if not isinstance(compiled, Template):
            raise TypeError("the field was compiled by another type")
        written = node.raw_config.get(field)
        encode = None
        if field in spec.url_fields and isinstance(written, str):
            pieces = _pieces(compiled, written)
            encode, origin = url_encoder(pieces), literal_origin(pieces)
        config = {**config, field: compiled.evaluate(names, encode)}
    return _Resolved(spec, config, spec.build(config), origin)
