"""Where templates stand in a text: literal stretches and the expressions between `{{` and `}}`.

The end of a template is found with balanced braces and quotes, so `{{ {a: {b: 1}} }}` is one. An
odd number of backslashes before `{{` keeps the braces, and each pair of them is one backslash.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_INSIDE: Final = re.compile(
    r"'(?:[^'\\]|\\[\s\S])*'"
    r'|"(?:[^"\\]|\\[\s\S])*"'
    r"|['\"{}]"
)


@dataclass(frozen=True, slots=True)
class Inner:
    """The source between the braces, without surrounding space, and where it starts."""

    source: str
    position: int


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A template that never ends: where it opens, and what stands in the way."""

    message: str
    position: int


def split(text: str) -> Iterator[str | Inner | Unclosed]:
    """Yield the parts of a text in order; Unclosed, if any, is the last."""
    position = 0
    literal: list[str] = []
    while (opening := text.find("{{", position)) >= 0:
        before = text[position:opening].rstrip("\\")
        backslashes = opening - position - len(before)
        literal += (before, "\\" * (backslashes // 2))
        position = opening + 2
        if backslashes % 2:
            literal.append("{{")
            continue
        if written := "".join(literal):
            yield written
        literal = []
        end = _end(text, position)
        if isinstance(end, Unclosed):
            yield end
            return
        inner = text[position:end]
        yield Inner(inner.strip(), position + len(inner) - len(inner.lstrip()))
        position = end + 2
    if written := "".join(literal) + text[position:]:
        yield written


def _end(text: str, start: int) -> int | Unclosed:
    depth = 0
    for match in _INSIDE.finditer(text, start):
        mark = match[0]
        if mark in "'\"":
            message = f"the template is never closed: a text opens at position {match.start()}"
            return Unclosed(message, start - 2)
        if mark == "{":
            depth += 1
        elif mark == "}":
            if not depth and text.startswith("}}", match.start()):
                return match.start()
            depth = max(0, depth - 1)
    return Unclosed("the template is never closed with `}}`", start - 2)
