"""Reads a request's body within its bound, before anything looks at it."""

from typing import Final

from fastapi import Request

from justpaid.errors import PayloadTooLarge, UnsupportedMediaType

MAX_BODY_BYTES: Final = 1 << 20
_DRAIN_BYTES: Final = 8 << 20


def require_json(request: Request) -> None:
    """Raise UnsupportedMediaType unless the body is announced as plain JSON, or not announced."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedMediaType(f"Send the body uncompressed: {encoding} is not read here.")
    announced = request.headers.get("content-type")
    if announced is None:
        return
    media_type = announced.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(
            "Send the body as JSON, with the header Content-Type: application/json."
        )


async def read_body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the whole body; raises PayloadTooLarge past the limit.

    An over-long body is read on to 8 MiB and thrown away, so that the client gets to the answer.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _DRAIN_BYTES:
            break
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise PayloadTooLarge(f"The body is larger than {limit} bytes.")
    return b"".join(chunks)
