"""The short way to a route's function gives what FastAPI's own way gives, or stands back."""

from collections.abc import AsyncGenerator, Callable
from enum import StrEnum
from typing import Annotated, Any, cast

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Cookie,
    Depends,
    FastAPI,
    Header,
    Path,
    Query,
    Request,
    Response,
)
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from justpaid import exact_json
from justpaid.app import api_routes
from justpaid.db.pool import Pool
from justpaid.web.endpoint import find_plain_handler
from justpaid.web.gate_contract import Receive, Scope, Send
from justpaid.web.routing import ApiRoute, EdgeResources, api_router


class Colour(StrEnum):
    """A closed set of values."""

    RED = "red"
    BLUE = "blue"


class Order(BaseModel):
    """A body with a default and an alias."""

    count: int = Field(ge=1)
    note_text: str | None = Field(default=None, alias="noteText")


async def reader(request: Request) -> str:
    """Depend on the request itself."""
    return request.method


async def position(reader: Annotated[str, Depends(reader)], cursor: str | None = None) -> str:
    """Depend on another dependency and on the query."""
    return f"{reader} {cursor}"


async def endpoint(
    number: Annotated[int, Path(alias="numberId", ge=1)],
    reader: Annotated[str, Depends(reader)],
    position: Annotated[str, Depends(position)],
    match: Annotated[str | None, Header(alias="If-Match")] = None,
    colour: Colour | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    needed: Annotated[str, Query(min_length=2)] = "ab",
) -> Response:
    """Show every argument."""
    shown = [number, reader, position, match, colour, limit, needed]
    return Response(exact_json.encode(shown))


async def demanding(order: Order, wanted: int, caller: Annotated[str, Depends(reader)]) -> Response:
    """Show a body and a parameter without a default."""
    return Response(exact_json.encode([order.count, order.note_text, wanted, caller]))


def route_of(function: Callable[..., Any], path: str, method: str) -> APIRoute:
    """Make FastAPI's route of a function."""
    router = APIRouter()
    router.add_api_route(path, function, methods=[method])
    (route,) = router.routes
    assert isinstance(route, APIRoute)
    return route


def short_app(route: APIRoute) -> FastAPI:
    """Make an app that takes the short way to the route's function, and shows what is wrong."""
    handler = find_plain_handler(route)
    assert handler is not None
    app = FastAPI()

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RequestValidationError as error:
            return JSONResponse({"detail": error.errors()}, 422)

    app.router.add_route(route.path, answer, methods=list(route.methods or ()))
    return app


def long_app(route: APIRoute) -> FastAPI:
    """Make an app that leaves all to FastAPI."""
    app = FastAPI()
    app.router.routes.append(route)
    return app


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/things/7", {}),
        ("/things/7?colour=blue&limit=3&needed=xyz&cursor=c", {"If-Match": '"3"'}),
        ("/things/7?limit=1&limit=2&colour=", {}),
        ("/things/0?limit=0&colour=green&needed=x", {}),
        ("/things/x?limit=y", {}),
        ("/things/7?needed=&cursor=", {}),
        ("/things/7?unknown=1", {}),
    ],
)
async def test_arguments_of_a_read(path: str, headers: dict[str, str]) -> None:
    """A read's arguments, defaults and errors are those that FastAPI finds."""
    route = route_of(endpoint, "/things/{numberId}", "GET")
    answers = [await ask(make(route), "GET", path, None, headers) for make in (short_app, long_app)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("?wanted=2", b'{"count": 2, "noteText": "x"}'),
        ("?wanted=perhaps", b'{"count": 0}'),
        ("", b'{"noteText": 3}'),
        ("?wanted=1", b"[]"),
        ("?wanted=1", b"null"),
    ],
)
async def test_arguments_of_a_write(query: str, body: bytes) -> None:
    """A body's value and errors, and those of a parameter that is needed, are FastAPI's."""
    route = route_of(demanding, "/orders", "POST")
    path = f"/orders{query}"
    sent = {"content-type": "application/json"}
    answers = [await ask(make(route), "POST", path, body, sent) for make in (short_app, long_app)]
    assert answers[0] == answers[1]


async def ask(
    app: FastAPI, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    """Send one request."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://api.test") as client:
        answer = await client.request(method, path, content=body, headers=headers)
    return answer.status_code, answer.content


async def listed(_: Annotated[list[str] | None, Query()] = None) -> Response:
    """Take several values of one name."""
    return Response()


async def with_cookie(_: Annotated[str | None, Cookie()] = None) -> Response:
    """Take a cookie."""
    return Response()


async def with_tasks(_: BackgroundTasks) -> Response:
    """Leave work for after the answer."""
    return Response()


async def with_response(_: Response) -> Response:
    """Write into FastAPI's response."""
    return Response()


async def with_model() -> Order:
    """Return what FastAPI has to write."""
    return Order(count=1)


def in_a_thread() -> Response:
    """Block."""
    return Response()


@pytest.mark.parametrize(
    "function", [listed, with_cookie, with_tasks, with_response, with_model, in_a_thread]
)
def test_the_rest_is_left_to_fastapi(function: Callable[..., Any]) -> None:
    """What the short way does not know, it does not try."""
    assert find_plain_handler(route_of(function, "/", "GET")) is None


async def test_the_long_way_closes_what_it_opened() -> None:
    """A route that FastAPI handles is answered behind the gate, its dependencies closed after."""
    closed: list[str] = []

    async def opened() -> AsyncGenerator[str]:
        yield "open"
        closed.append("closed")

    async def show(value: Annotated[str, Depends(opened)]) -> Response:
        return Response(value)

    router = api_router("Things", prefix="")
    router.add_api_route("/", show, methods=["GET"])
    (route,) = router.routes
    assert isinstance(route, ApiRoute)
    app = FastAPI()
    app.state.edge = EdgeResources(cast("Pool", None), b"")

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = app
        await route.answer(scope, receive, send)

    async with AsyncClient(transport=ASGITransport(gate), base_url="http://api.test") as client:  # pyright: ignore[reportArgumentType]  httpx spells the ASGI types differently
        answer = await client.get("/")
    assert (answer.text, closed) == ("open", ["closed"])


def test_every_route_of_the_api_takes_the_short_way() -> None:
    """No route falls back to the long way unnoticed."""
    slow = [route.path for route in api_routes() if find_plain_handler(route) is None]
    assert slow == []
