"""`/docs`: guides and reference, rendered on the server, without a CDN and without script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from justpaid.guides.library import find_guide, list_guides, render_line
from justpaid.guides.reference import group_endpoints

_FOLDER: Final = Path(__file__).parent / "templates"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_DAY: Final = "public, max-age=86400"

_environment: Final = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
)


def _prose(text: str) -> Markup:
    return Markup(render_line(text))  # noqa: S704  the renderer escapes


_environment.filters["prose"] = _prose


def docs_router(
    document: Callable[[], dict[str, Any]], address_of: Callable[[Request], str]
) -> APIRouter:
    """Make the router of the documentation for one app's OpenAPI document and public address."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def index() -> Response:
        return _page("index.html", guides=_titles(), current=None)

    @router.get("/docs/reference")
    async def reference() -> Response:
        groups = group_endpoints(document())
        return _page("reference.html", guides=_titles(), groups=groups, current="reference")

    @router.get("/docs/docs.css")
    async def stylesheet() -> Response:
        css = (_FOLDER / "docs.css").read_text(encoding="utf-8")
        return Response(css, media_type="text/css", headers={"Cache-Control": _DAY})

    @router.get("/docs/{name}")
    async def guide(name: str, request: Request) -> Response:
        found = find_guide(name, address_of(request))
        if found is None:
            return _page("missing.html", 404, guides=_titles(), current=None)
        return _page("guide.html", guides=_titles(), guide=found, current=name)

    return router


def _titles() -> list[tuple[str, str]]:
    guides = (find_guide(name, "http://127.0.0.1:8080") for name in list_guides())
    return [(guide.name, guide.title) for guide in guides if guide is not None]


def _page(template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401  a template takes anything
    html = _environment.get_template(template).render(values)
    return HTMLResponse(html, status, {"Content-Security-Policy": _POLICY})
