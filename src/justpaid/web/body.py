"""Reads a request's body within its bound, before anything looks at it."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect

from justpaid.errors import PayloadTooLarge, UnsupportedMediaType
from justpaid.web.gate_contract import Receive

MAX_BODY_BYTES: Final = 1 << 20
_DRAIN_BYTES: Final = 8 << 20
_JSON: Final = b"application/json"


def require_json(headers: Mapping[bytes, bytes]) -> None:
    """Raise UnsupportedMediaType unless the body is announced as plain JSON, or not announced."""
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in {b"", b"identity"}:
        name = encoding.decode("latin-1")
        raise UnsupportedMediaType(f"Send the body uncompressed: {name} is not read here.")
    announced = headers.get(b"content-type")
    if announced is None or announced == _JSON:
        return
    if announced.partition(b";")[0].strip().lower() != _JSON:
        raise UnsupportedMediaType(
            "Send the body as JSON, with the header Content-Type: application/json."
        )


async def read_body(receive: Receive, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the whole body; raises PayloadTooLarge past the limit, ClientDisconnect on an end.

    An over-long body is read on to 8 MiB and thrown away, so that the client gets to the answer.
    """
    chunks: list[bytes] = []
    size = 0
    more = True
    while more and size <= _DRAIN_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise PayloadTooLarge(f"The body is larger than {limit} bytes.")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
