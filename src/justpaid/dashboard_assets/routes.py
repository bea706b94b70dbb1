"""Serves the built dashboard at `/`: hashed files for ever, the page itself fresh each time.

Guarantee: only files that the build wrote are served, by a list made at start; no path of a request
reaches the file system.
"""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

_FOLDER: Final = Path(__file__).parent
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FRESH: Final = "no-cache"
_COMPRESSIBLE: Final = ("text/", "application/json", "image/svg")
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_NOT_BUILT: Final = """<!doctype html><html lang="en"><title>JustPaid Workflows</title>
<p>The API runs, but this installation has no dashboard yet: run <code>make install</code>.
<p><a href="/docs">Documentation</a></html>"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file, plain and compressed."""

    body: bytes
    packed: bytes | None
    media_type: str


def dashboard_router() -> APIRouter:
    """Make the router; include it last, since it answers every path that nobody else does."""
    router = APIRouter(include_in_schema=False)
    assets = {f"assets/{file.name}": file for file in (_FOLDER / "assets").glob("*.*")}
    read: dict[str, Asset] = {}

    @router.get("/{path:path}")
    async def serve(path: str, request: Request) -> Response:
        file = assets.get(path)
        if file is not None:
            asset = read.get(path)
            if asset is None:
                asset = read[path] = _read(file)
            return _send(asset, request, {"Cache-Control": _FOR_EVER})
        if not _wants_page(path, request):
            return Response("Not found\n", 404, media_type="text/plain")
        index = _FOLDER / "index.html"
        if not index.is_file():
            return Response(_NOT_BUILT, media_type="text/html")
        return _send(_read(index), request, {"Cache-Control": _FRESH, **_PAGE_HEADERS})

    return router


def _wants_page(path: str, request: Request) -> bool:
    """Whether this is a person who opens an address of the dashboard, or a program that guesses."""
    accept = request.headers.get("accept", "")
    return not path.startswith("assets/") and ("text/html" in accept or path == "")


def _read(file: Path) -> Asset:
    body = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    packs = media_type.startswith(_COMPRESSIBLE) or media_type.endswith("javascript")
    return Asset(body, gzip.compress(body, 9) if packs else None, media_type)


def _send(asset: Asset, request: Request, headers: dict[str, str]) -> Response:
    wanted = {"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding", **headers}
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        wanted["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=wanted)
    return Response(asset.body, media_type=asset.media_type, headers=wanted)
