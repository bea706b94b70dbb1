"""Finds and renders the guides: the Markdown files that a reader of the repository sees too."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, cast

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType]  its options are untyped
)
from pygments.util import ClassNotFound

_PACKAGED: Final = Path(__file__).parent / "pages"
_CHECKOUT: Final = Path(__file__).parents[3] / "docs"

# In reading order; each is `<name>.md`.
NAMES: Final = (
    "authentication",
    "workflows",
    "expressions",
    "runs",
    "connections",
    "members",
    "operations",
    "guarantees",
)

_EXAMPLE_ADDRESS: Final = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of "On this page"."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A rendered guide; its samples carry the installation's own address."""

    name: str
    title: str
    html: str
    headings: tuple[Heading, ...]


def list_guides() -> tuple[str, ...]:
    """Name the guides that this installation has."""
    return tuple(name for name in NAMES if (_folder() / f"{name}.md").is_file())


@lru_cache(maxsize=64)
def find_guide(name: str, address: str) -> Guide | None:
    """Render a guide for the address at which this installation is reached; None if unknown."""
    if name not in list_guides():
        return None
    text = (_folder() / f"{name}.md").read_text(encoding="utf-8").replace(_EXAMPLE_ADDRESS, address)
    tokens = _markdown.parse(text)
    title, headings = _outline(tokens)
    html = cast("str", _markdown.renderer.render(tokens, _markdown.options, {}))
    return Guide(name, title or name, html, headings)


def render_line(text: str) -> str:
    """Render the Markdown of one sentence or paragraph; HTML in it is escaped."""
    return cast("str", _markdown.renderInline(text))


def _folder() -> Path:
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def _highlight(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""  # the renderer then escapes the text itself
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
    return highlight(code, lexer, formatter)


_markdown: Final = MarkdownIt("commonmark", {"highlight": _highlight, "html": False}).enable(
    ["table", "strikethrough"]
)


def _outline(tokens: list[Token]) -> tuple[str, tuple[Heading, ...]]:
    """Give each section heading an anchor and collect them; the first `#` is the title."""
    title = ""
    headings: list[Heading] = []
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        if token.tag == "h1":
            title = title or inline.content
            continue
        anchor = anchor_of(inline.content)
        token.attrSet("id", anchor)
        if token.tag == "h2":
            headings.append(Heading(anchor, inline.content.replace("`", "")))
    return title, tuple(headings)


def anchor_of(title: str) -> str:
    """Make the anchor of a heading: lower-case words joined by hyphens."""
    words = "".join(letter if letter.isalnum() else " " for letter in title.lower()).split()
    return "-".join(words)
