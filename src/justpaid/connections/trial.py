"""Tries a connection out: one read with its credential, and what the provider said to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from justpaid.connections.model import Connection
from justpaid.connectors.answers import shown_body
from justpaid.exact_json import JsonValue
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.masking import Masker
from justpaid.outbound.messages import Credential, Request, Response

TRIAL_SECONDS: Final = 10

_REFUSALS: Final = {
    401: "The provider does not accept the credential.",
    403: "The provider knows the credential, and does not let it read this address.",
    407: "A proxy in front of the provider asks for a credential of its own.",
}
_SERVER_ERROR: Final = 500
_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class Trial:
    """What came back; `status` is None when no answer did. Masked."""

    ok: bool
    url: str
    status: int | None
    message: str
    body: JsonValue
    tested_at: datetime


async def try_out(
    client: OutboundClient, connection: Connection, credential: Credential | None, at: datetime
) -> Trial:
    """Read the test address, or the first allowed origin, with the connection's credential."""
    url = connection.test_url or f"{connection.allowed_origins[0]}/"
    masker = Masker(() if credential is None else credential.secrets)
    request = Request("GET", url, (("Accept", "application/json, */*"),), follows_redirects=True)
    outcome = await client.send(request, credential, timeout_seconds=TRIAL_SECONDS)
    if not isinstance(outcome, Response):
        message = f"{outcome.message[:1].upper()}{outcome.message[1:]}."
        return Trial(
            ok=False,
            url=url,
            status=None,
            message=masker.mask_text(message),
            body=None,
            tested_at=at,
        )
    ok, message = _judge(outcome.status, has_test_url=connection.test_url is not None)
    return Trial(
        ok=ok,
        url=url,
        status=outcome.status,
        message=message,
        body=shown_body(outcome, masker),
        tested_at=at,
    )


def _judge(status: int, *, has_test_url: bool) -> tuple[bool, str]:
    if status in _REFUSALS:
        return False, _REFUSALS[status]
    if status >= _SERVER_ERROR:
        return False, f"The provider answered {status}."
    if status < _ERROR:
        return True, f"The provider answered {status}."
    if has_test_url:
        return False, f"The provider answered {status}."
    return True, (
        f"The provider was reached and answered {status}. Set testUrl to an address that needs the "
        "credential to find out whether it is accepted."
    )
