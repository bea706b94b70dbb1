"""Keeps what was sent and what came back, for people who look for a mistake.

Guarantee: the credential's header never enters the record, only its name does, nor does what a
step itself writes into a header that is for secrets; known secrets are masked before the body is
cut, so that no half of one survives at the edge.
"""

from dataclasses import dataclass, field
from typing import Final

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.outbound.masking import MASK, Masker, mask_header

CAPTURED_BODY_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """One request as it went out and the answer's head and beginning, of the last hop."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    credential_header: str | None = None
    body: bytes = field(default=b"", repr=False)
    status: int | None = None
    answer_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    answer_body: bytes = field(default=b"", repr=False)
    redirects: int = 0

    def capture(self, masker: Masker) -> JsonObject:
        """Return the record as JSON with every known secret masked."""
        headers = _headers(self.headers, masker)
        if self.credential_header is not None:
            headers.append([self.credential_header, MASK])
        request: JsonObject = {
            "method": self.method,
            "url": masker.mask_text(self.url),
            "headers": headers,
            **_body(self.body, masker),
        }
        response: JsonObject | None = None
        if self.status is not None:
            response = {
                "status": self.status,
                "headers": _headers(self.answer_headers, masker),
                **_body(self.answer_body, masker),
            }
        return {"request": request, "response": response, "redirects": self.redirects}


def _headers(headers: tuple[tuple[str, str], ...], masker: Masker) -> list[JsonValue]:
    return [[name, mask_header(name, masker.mask_text(value))] for name, value in headers]


def _body(body: bytes, masker: Masker) -> JsonObject:
    # A secret of n characters takes at most 4n bytes; it must lie whole in what is masked.
    head = body[: CAPTURED_BODY_BYTES + 4 * masker.longest]
    text = head.decode(errors="replace").replace("\0", "\ufffd")
    masked = masker.mask_text(text).encode()[:CAPTURED_BODY_BYTES]
    return {"body": masked.decode(errors="ignore"), "bodyBytes": len(body)}


def show_instead(
    capture: JsonObject, url: str, headers: tuple[tuple[str, str], ...], body: str | None
) -> JsonObject:
    """Return a record with what people may see of a request in the place of what was sent."""
    sent = capture.get("request")
    if not isinstance(sent, dict):
        return capture
    shown = {name.lower(): mask_header(name, value) for name, value in headers}
    pairs = sent.get("headers")
    pairs = [pair for pair in pairs if isinstance(pair, list)] if isinstance(pairs, list) else []
    request: JsonObject = {
        **sent,
        "url": url,
        "headers": [[pair[0], shown.get(str(pair[0]).lower(), pair[1])] for pair in pairs],
        "body": (body or "").encode()[:CAPTURED_BODY_BYTES].decode(errors="ignore"),
    }
    return {**capture, "request": request}
