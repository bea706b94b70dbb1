"""The step `action`: what a connector offers, performed as an effect of its class.

Guarantee: the intent holds no secret; the credential of the connection chosen is added when the
request is sent, and everything that is recorded afterwards was masked with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from jsonschema_rs import Validator

from justpaid.connectors.model import ActionDone, ActionFailed, ActionSpec, PreparedRequest
from justpaid.connectors.url_template import url_encoder
from justpaid.engine.contract import Completed, EffectHandler, Failed, Intent, StepContext
from justpaid.engine.model import ErrorCode
from justpaid.errors import AppError, InvalidInput, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.template import Template, compile_template
from justpaid.ids import Prefix, decode_id
from justpaid.outbound.messages import Credential
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_written_config
from justpaid.workflows.json_schema import safe_validator
from justpaid.workflows.step_types import StepType

_DEFAULT_TIMEOUT_SECONDS: Final = 30.0


class Connections(Protocol):
    """A company's connections, as an action needs them."""

    async def choose_connection(
        self, company_id: UUID, provider: str, url: str, wanted: UUID | None, of_run: UUID | None
    ) -> UUID | None:
        """Return the connection to use: the step's, the run's, or the company's only active one.

        None: the provider may be reached without. Raises AppError that says what is missing.
        """
        ...

    async def load_credential(self, company_id: UUID, connection_id: UUID) -> Credential:
        """Return the credential to send; raises AppError when the connection cannot be used."""
        ...


class Send(Protocol):
    """Performs a prepared request; `connectors.perform` on the process's outbound client."""

    async def __call__(
        self,
        prepared: PreparedRequest,
        *,
        credential: Credential | None,
        key: str,
        timeout_seconds: float,
    ) -> ActionDone | ActionFailed:
        """Send once; outcomes are values."""
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


class PerformAction(EffectHandler):
    """Prepares and sends the request of a connector's action."""

    def __init__(
        self,
        actions: Mapping[str, ActionSpec],
        connections: Connections,
        send: Send,
    ) -> None:
        self._actions = actions
        self._connections = connections
        self._send = send

    async def prepare(self, context: StepContext) -> Intent | Failed:
        """Resolve the request and choose the connection; nothing leaves."""
        spec = self._actions.get(context.node.action or "")
        if spec is None:
            message = f"There is no action '{context.node.action}'."
            return Failed(ErrorCode.TEMPLATE, message)
        try:
            resolved = _resolve(spec, context)
            connection_id = await self._choose(resolved, context)
        except ExpressionError as error:
            return bad_template(error)
        except InvalidInput as error:
            return bad_config(error.problems or [Problem("config", error.message)])
        except AppError as error:
            return Failed(ErrorCode.CONNECTION, error.message)
        rule = spec.effect_rule(resolved.config)
        return Intent(
            rule.effect_class,
            spec.provider,
            spec.name,
            resolved.prepared.to_json(),
            resolved.config,
            connection_id,
            key_memory_hours=rule.key_memory_hours,
            replays_errors=rule.replays_errors,
        )

    async def _choose(self, resolved: _Resolved, context: StepContext) -> UUID | None:
        written = resolved.config.get("connectionId")
        wanted = None
        if written is not None:
            wanted = decode_id(Prefix.CONNECTION, str(written))
            if wanted is None:
                problem = Problem("config.connectionId", "is not a connection's id")
                raise InvalidInput("The connection's id is malformed.", [problem])
        return await self._connections.choose_connection(
            context.company_id,
            resolved.spec.provider,
            resolved.prepared.url,
            wanted,
            context.connection_id,
        )

    async def perform(
        self, context: StepContext, request: JsonObject, connection_id: UUID | None, key: str
    ) -> Completed | Failed:
        """Send the recorded request, with the credential of the connection chosen."""
        credential = None
        if connection_id is not None:
            try:
                credential = await self._connections.load_credential(
                    context.company_id, connection_id
                )
            except AppError as error:
                return Failed(ErrorCode.CONNECTION, error.message)
        timeout_ms = context.node.timeout_ms
        outcome = await self._send(
            PreparedRequest.from_json(request),
            credential=credential,
            key=key,
            timeout_seconds=_DEFAULT_TIMEOUT_SECONDS if timeout_ms is None else timeout_ms / 1000,
        )
        if isinstance(outcome, ActionDone):
            return Completed(outcome.output, receipt={**outcome.receipt, **outcome.capture})
        return Failed(
            ErrorCode(outcome.code),
            outcome.message,
            outcome.may_pass,
            outcome.delivery,
            outcome.retry_after_seconds,
            outcome.details,
            receipt=outcome.capture,
        )


def _resolve(spec: ActionSpec, context: StepContext) -> _Resolved:
    node = context.node
    config = node.resolve(context.names)
    for field, compiled in node.expressions.items():
        if not isinstance(compiled, Template):
            raise TypeError("the field was compiled by another type")
        written = node.raw_config.get(field)
        encode = None
        if field in spec.url_fields and isinstance(written, str):
            encode = url_encoder(_pieces(compiled, written))
        config = {**config, field: compiled.evaluate(context.names, encode)}
    return _Resolved(spec, config, spec.build(config))
