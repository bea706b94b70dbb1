"""Writes the parts of a request from a resolved config: query, headers and body, numbers exact."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import quote, quote_plus

from justpaid import exact_json
from justpaid.errors import Problem
from justpaid.exact_json import JsonValue, join_path
from justpaid.outbound.headers import header_problem

BODY_TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}


def scalar_text(value: JsonValue) -> str | None:
    """Write a text, number or boolean as it stands in a URL or header; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | Decimal):
        return exact_json.encode_text(value)
    return None


def add_query(url: str, query: JsonValue, path: str, problems: list[Problem]) -> str:
    """Return the URL with these query parameters added; a null parameter is left out."""
    pairs = [
        f"{quote(name, safe='', errors='replace')}={quote(value, safe='', errors='replace')}"
        for name, value in _pairs(query, path, problems)
    ]
    if not pairs:
        return url
    without_fragment = url.partition("#")[0]
    separator = "&" if "?" in without_fragment else "?"
    return without_fragment + separator + "&".join(pairs)


def read_headers(value: JsonValue, path: str, problems: list[Problem]) -> dict[str, str]:
    """Return the headers of a config; a null header is left out, a bad one is a problem."""
    if not isinstance(value, dict):
        if value is not None:
            problems.append(Problem(path, "must be an object"))
        return {}
    headers: dict[str, str] = {}
    seen: set[str] = set()
    for name, given in value.items():
        if given is None:
            continue
        where = join_path(path, name)
        text = scalar_text(given)
        problem = "must be a text" if text is None else header_problem(name, text.strip(" \t"))
        if name.lower() in seen:
            problem = "stands twice, in different spellings"
        seen.add(name.lower())
        if problem is not None:
            problems.append(Problem(where, problem))
        elif text is not None:
            headers[name] = text.strip(" \t")
    return headers


def write_body(kind: str, value: JsonValue, path: str, problems: list[Problem]) -> str | None:
    """Return the body of one kind as text."""
    if kind == "json":
        return exact_json.encode_text(value)
    if kind == "form":
        return "&".join(
            f"{quote_plus(name, errors='replace')}={quote_plus(text, errors='replace')}"
            for name, text in _pairs(value, path, problems)
        )
    text = scalar_text(value)
    if text is None:
        problems.append(Problem(path, "must be a text"))
    return text


def _pairs(value: JsonValue, path: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if not isinstance(value, dict):
        problems.append(Problem(path, "must be an object"))
        return
    for name, given in value.items():
        for item in given if isinstance(given, list) else [given]:
            if item is None:
                continue
            text = scalar_text(item)
            if text is None:
                problems.append(
                    Problem(join_path(path, name), "must be a text, a number, or a list of them")
                )
            else:
                yield name, text
