"""Sends what an action prepared, and says how it ended and what that proves.

Guarantee: a failure never claims less than what may have happened: only a look-up that found
nothing, a refused connection, a failed TLS handshake, a definite 4xx or a 429 prove non-delivery.
"""

from collections.abc import Sequence
from typing import Final

from justpaid.connectors.answers import is_too_large, read_output, shown_body
from justpaid.connectors.model import (
    ActionDone,
    ActionFailed,
    Delivery,
    EffectClass,
    FailureCode,
    PreparedRequest,
)
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.masking import Masker
from justpaid.outbound.messages import (
    Credential,
    MaybeSent,
    NotSent,
    Reason,
    Request,
    Response,
)
from justpaid.outbound.urls import InvalidUrl, parse_url

_NOT_MODIFIED: Final = 304
_TOO_MANY_REQUESTS: Final = 429
# The provider did not get to it, or says that it may work later.
_PASSING: Final = frozenset((408, 425, _TOO_MANY_REQUESTS))
_RECEIPT_HEADERS: Final = ("location", "request-id", "x-request-id")
_CODES: Final = {
    Reason.INVALID: FailureCode.TEMPLATE,
    Reason.TIMEOUT: FailureCode.TIMEOUT,
    Reason.TOO_LARGE: FailureCode.OUTPUT_TOO_LARGE,
}
_FOR_GOOD: Final = frozenset((Reason.INVALID, Reason.BLOCKED, Reason.REDIRECT, Reason.TOO_LARGE))


async def perform(
    client: OutboundClient,
    prepared: PreparedRequest,
    *,
    credential: Credential | None,
    key: str,
    timeout_seconds: float,
    secrets: Sequence[str] = (),
) -> ActionDone | ActionFailed:
    """Send a prepared request once, under an idempotency key; never raises for the network.

    `secrets` are texts to mask beside those of the credential. A credential whose origins do not
    include the URL's is a failure before anything is sent.
    """
    masker = Masker((*(() if credential is None else credential.secrets), *secrets))
    problem = _origin_problem(prepared, credential)
    if problem is not None:
        return ActionFailed(FailureCode.CONNECTION, problem)
    outcome = await client.send(
        _request(prepared, key), credential, timeout_seconds=timeout_seconds
    )
    if isinstance(outcome, Response):
        return _answered(prepared, outcome, masker)
    return _unanswered(outcome, masker)


def _request(prepared: PreparedRequest, key: str) -> Request:
    headers = prepared.headers
    if prepared.key_header is not None:
        headers = (*headers, (prepared.key_header, key))
    return Request(
        prepared.method,
        prepared.url,
        headers,
        b"" if prepared.body is None else prepared.body.encode(errors="replace"),
        follows_redirects=prepared.effect_class is EffectClass.READ,
        reuses_connection=prepared.effect_class is not EffectClass.UNSAFE,
    )


def _origin_problem(prepared: PreparedRequest, credential: Credential | None) -> str | None:
    if credential is None:
        return None
    try:
        origin = parse_url(prepared.url).origin
    except InvalidUrl as error:
        return str(error)
    if origin in credential.origins:
        return None
    listed = ", ".join(sorted(known.text for known in credential.origins)) or "none"
    return f"The connection may not be used for {origin.text}. Its allowed origins are: {listed}."


def _answered(
    prepared: PreparedRequest, response: Response, masker: Masker
) -> ActionDone | ActionFailed:
    capture = response.exchange.capture(masker)
    failure = _status_failure(response.status) if prepared.fails_on_status else None
    if failure is not None:
        may_pass, delivery = failure
        return ActionFailed(
            FailureCode.HTTP_STATUS,
            _status_message(response),
            may_pass=may_pass,
            delivery=delivery,
            retry_after_seconds=response.retry_after_seconds if may_pass else None,
            details={"status": response.status, "body": shown_body(response, masker)},
            capture=capture,
        )
    output = read_output(response)
    if is_too_large(response, output):
        return ActionFailed(
            FailureCode.OUTPUT_TOO_LARGE,
            "The answer arrived, and is larger than 1 MiB: more than a step may keep.",
            delivery=Delivery.UNCERTAIN,
            details={"status": response.status},
            capture=capture,
        )
    return ActionDone(_masked(output, masker), _masked(_receipt(response), masker), capture)


def _status_failure(status: int) -> tuple[bool, Delivery] | None:
    """Return whether a status may pass and what it proves; None for a good one."""
    if status < 300 or status == _NOT_MODIFIED:  # noqa: PLR2004  where redirects begin
        return None
    if status == _TOO_MANY_REQUESTS:
        return True, Delivery.NONE
    if status in _PASSING or status >= 500:  # noqa: PLR2004  where server errors begin
        return True, Delivery.UNCERTAIN
    if status >= 400:  # noqa: PLR2004  where refusals begin
        return False, Delivery.REFUSED
    return False, Delivery.UNCERTAIN


def _status_message(response: Response) -> str:
    location = response.header("location")
    if location is not None and response.status < 400:  # noqa: PLR2004  a redirect
        return (
            f"The server answered {response.status} and points elsewhere. An effect is never "
            "redirected: use the final address."
        )
    return f"The server answered {response.status}."


def _unanswered(outcome: NotSent | MaybeSent, masker: Masker) -> ActionFailed:
    details: JsonObject = {"reason": outcome.reason.value}
    is_maybe = isinstance(outcome, MaybeSent)
    if is_maybe and outcome.status is not None:
        details["status"] = outcome.status
    return ActionFailed(
        _CODES.get(outcome.reason, FailureCode.NETWORK),
        masker.mask_text(_sentence(outcome.message)),
        may_pass=outcome.reason not in _FOR_GOOD,
        delivery=Delivery.UNCERTAIN if is_maybe else Delivery.NONE,
        details=details,
        capture=outcome.exchange.capture(masker),
    )


def _receipt(response: Response) -> JsonObject:
    receipt: JsonObject = {"status": response.status}
    for name in _RECEIPT_HEADERS:
        value = response.header(name)
        if value is not None:
            receipt[name] = value
    return receipt


def _masked(value: JsonObject, masker: Masker) -> JsonObject:
    masked: JsonValue = masker.mask(value)
    return masked if isinstance(masked, dict) else value


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
