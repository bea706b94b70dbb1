"""The success envelope: `{"success": true, "data": …}`, with `meta` on lists."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Response

from justpaid import exact_json

_JSON: Final = (b"content-type", b"application/json")


class Answer(Response):
    """A success answer; `replay` is what a repeat by Idempotency-Key gets when it differs.

    An answer that shows a secret once sets `replay` to the body without it: the secret is not kept.
    """

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        replay: bytes | None = None,
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), _JSON]
        if headers is not None:
            self.headers.update(headers)
        self.replay = replay


def success(
    data: object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    replay: object | None = None,
) -> Answer:
    """Answer with data; `replay` is the data that a stored answer shows instead, if it differs."""
    kept = None if replay is None else exact_json.encode({"success": True, "data": replay})
    return Answer(exact_json.encode({"success": True, "data": data}), status, headers, replay=kept)


def page(items: Sequence[Any], cursor: str | None) -> Answer:
    """Answer with one page of a list; a cursor means that there is more."""
    meta = {"cursor": cursor, "hasMore": cursor is not None}
    return Answer(exact_json.encode({"success": True, "data": items, "meta": meta}))
