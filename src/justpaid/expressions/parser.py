"""Text to syntax tree, with every mistake named by its position.

Guarantee: any text at all gives a tree or ExpressionSyntaxError. The parser keeps its own stack
and the tree is built from the leaves up, so nesting costs no recursion and is refused in time.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Final, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark import v_args as given_as_arguments  # pyright: ignore[reportUnknownVariableType]  so typed by lark

from justpaid.expressions.errors import ExpressionSyntaxError, Fault
from justpaid.expressions.syntax import Node
from justpaid.expressions.tree_builder import TreeBuilder
from justpaid.expressions.values import shortened

MAX_CHARACTERS: Final = 4096

_HINTS: Final = (
    ("=>", "a function such as `x => x.a` can only be an argument of map, filter and the like"),
    ("=", "nothing can be assigned; compare with `==`"),
    ("&", "write `&&` for and"),
    ("|", "write `||` for or"),
    ("`", "write text in single or double quotes"),
    (";", "an expression is one value, without `;`"),
    ("...", "there is no spread; use merge() or flatten()"),
)


def parse(source: str) -> Node:
    """Return the tree of an expression; raises ExpressionSyntaxError."""
    try:
        _check_text(source)
        return _parser()(source)
    except UnexpectedInput as error:
        message, position = _explain(error, source)
    except Fault as fault:
        message, position = fault.message, fault.position or 0
    raise ExpressionSyntaxError(message, source, position)


@cache
def _parser() -> Callable[[str], Node]:
    """Build the parser, once; with the builder embedded, it returns the node itself."""
    grammar = resources.files("justpaid.expressions").joinpath("grammar.lark").read_text("utf-8")
    builder = cast("Transformer[Token, Node]", given_as_arguments(inline=True)(TreeBuilder)())
    lark = Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        transformer=builder,
        maybe_placeholders=False,
    )
    return cast("Callable[[str], Node]", lark.parse)


def _check_text(source: str) -> None:
    if len(source) > MAX_CHARACTERS:
        raise Fault(
            f"the expression has {len(source):,} characters, more than {MAX_CHARACTERS:,}",
            MAX_CHARACTERS,
        )
    if not source or source.isspace():
        raise Fault("the expression is empty", 0)
    for position, character in enumerate(source):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise Fault("the expression holds a character that is not text", position)


def _explain(error: UnexpectedInput, source: str) -> tuple[str, int]:
    if isinstance(error, UnexpectedToken):
        token = cast("Token", error.token)  # pyright: ignore[reportUnknownMemberType]  untyped
        if token.type == "$END":
            return "the expression ends where more was expected", len(source)
        position = token.start_pos or 0
        found = str(token)
    else:
        # Only text that no token fits is left, and lark says where it starts.
        position = cast("int", cast("UnexpectedCharacters", error).pos_in_stream)
        found = source[position : position + 1]
    return _message(found, source, position), position


def _message(found: str, source: str, position: int) -> str:
    if found in "'\"":
        return "the text that opens here is never closed"
    pair = source[max(0, position - 1) : position + 1]
    if pair == "?.":
        return "unexpected `?.`: it is not needed, reading a field of null gives null"
    if pair == "**":
        return "unexpected `**`: there is no power operator"
    rest = source[position : position + 3]
    for mark, hint in _HINTS:
        if rest.startswith(mark) or (mark == "=>" and found.endswith("=>")):
            return f"unexpected `{mark}`: {hint}"
    if found == "(" and re.search(r"\w\s*$", source[:position]):
        return "unexpected `(`: only the functions of the language can be called, by their name"
    return f"unexpected `{shortened(found)}`"
