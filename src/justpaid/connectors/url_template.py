"""Keeps text from templates inside its place in a URL.

Guarantee: a filled template is one path segment or one query value, whatever it holds; only one
that stands at the very start of the URL may bring an origin, and never together with a connection.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from justpaid.connectors.model import TemplatePieces
from justpaid.errors import Problem
from justpaid.outbound.urls import InvalidUrl, Origin, parse_url

_ORIGIN: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#\\]*)(.*)", re.DOTALL)


def url_encoder(pieces: TemplatePieces) -> Callable[[str], str]:
    """Return the function that one evaluation of a URL template applies to each filled text.

    Make a new one for each evaluation: it lets the first text through when the URL begins with it.
    """
    keeps_next = bool(pieces) and pieces[0] is None

    def encode(text: str) -> str:
        nonlocal keeps_next
        if keeps_next:
            keeps_next = False
            return text
        return quote(text, safe="", errors="replace")

    return encode


def literal_origin(pieces: TemplatePieces) -> Origin | None:
    """Return the origin of a URL template if no filled text can change it; else None."""
    first = pieces[0] if pieces else None
    match = _ORIGIN.fullmatch(first) if first is not None else None
    if match is None or (not match.group(2) and len(pieces) > 1):
        return None  # text right after the host would become part of it
    try:
        return parse_url(match.group(1)).origin
    except InvalidUrl:
        return None


def check_url_template(
    pieces: TemplatePieces, path: str, *, uses_connection: bool
) -> list[Problem]:
    """Return what is wrong with a URL as written, whatever its templates will yield."""
    first = pieces[0] if pieces else ""
    match = _ORIGIN.fullmatch(first) if first is not None else None
    if first is not None and match is None:
        return [Problem(path, "the URL must begin with http:// or https:// and a host")]
    if match is not None and (match.group(2) or len(pieces) == 1):
        try:
            parse_url("".join("x" if piece is None else piece for piece in pieces))
        except InvalidUrl as error:
            return [Problem(path, str(error))]
        return []
    if uses_connection:
        return [
            Problem(path, "with a connection, the scheme and host of the URL must be written out")
        ]
    return []
