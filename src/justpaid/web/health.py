"""`/healthz`, `/readyz` and, with a token, `/metrics`: for whoever watches the process."""

import hmac
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from justpaid import exact_json


def health_router(is_ready: Callable[[], Awaitable[bool]], metrics_token: str | None) -> APIRouter:
    """Make the router; without a token, metrics are served on their own bind alone."""
    router = APIRouter(tags=["Service"])

    @router.get("/healthz", summary="Is the process alive")
    async def healthz() -> Response:
        """Answer as long as the process does."""
        return _status("alive")

    @router.get("/readyz", summary="Can the process serve", responses={503: _NOT_READY})
    async def readyz() -> Response:
        """Answer 200 when the database can be reached and its schema is this release's."""
        ready = await is_ready()
        return _status("ready") if ready else _status("not ready", 503)

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if metrics_token is None or not hmac.compare_digest(sent.encode(), metrics_token.encode()):
            return Response("Not found\n", 404, media_type="text/plain")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


_NOT_READY = {"description": "The database cannot be reached, or its schema is not this release's."}


def _status(word: str, status: int = 200) -> Response:
    return Response(exact_json.encode({"status": word}), status, media_type="application/json")
