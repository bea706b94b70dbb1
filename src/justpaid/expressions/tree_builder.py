"""Grammar rules to tree nodes, called by the parser from the leaves up.

A node knows its depth, so nesting past the bound is refused at the node that passes it.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final

from lark import Token, Transformer

from justpaid.exact_json import MAX_DIGITS, MAX_EXPONENT
from justpaid.expressions.errors import Fault
from justpaid.expressions.syntax import (
    MAX_NESTING,
    ArrayLiteral,
    Call,
    Chain,
    Conditional,
    Lambda,
    Link,
    Literal,
    Member,
    Name,
    Node,
    ObjectLiteral,
    Read,
    Unary,
)

_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|([\s\S]))")
_ESCAPED: Final = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "/": "/",
    "\\": "\\",
    "'": "'",
    '"': '"',
}


class TreeBuilder(Transformer[Token, Node]):
    """One method per rule, named by the grammar's aliases; children arrive as arguments."""

    def start(self, node: Node) -> Node:
        """Hand out the whole expression."""
        return node

    def conditional(self, condition: Node, mark: Token, positive: Node, negative: Node) -> Node:
        """Build `condition ? positive : negative`."""
        position = _position(mark)
        depth = _deeper((condition, positive, negative), position)
        return Conditional(condition, positive, negative, position, depth)

    def chain(self, first: Node, *rest: Node | Token) -> Node:
        """Build a chain; `rest` alternates between an operator and its operand."""
        links: list[Link] = []
        operator: Token | None = None
        for part in rest:
            if isinstance(part, Token):
                operator = part
            elif operator is not None:
                links.append(Link(str(operator), part, _position(operator)))
        depth = _deeper([first, *(link.operand for link in links)], first.position)
        return Chain(first, tuple(links), first.position, depth)

    def unary(self, operator: Token, operand: Node) -> Node:
        """Build `!x` and `-x`; a negative literal is a literal and keeps its digits."""
        position = _position(operator)
        depth = _deeper((operand,), position)
        value = operand.value if isinstance(operand, Literal) else None
        if operator == "-" and isinstance(value, int | Decimal) and not isinstance(value, bool):
            negative = value.copy_negate() if isinstance(value, Decimal) else -value
            return Literal(negative if value else value, position, depth)
        return Unary(str(operator), operand, position, depth)

    def number(self, token: Token) -> Node:
        """Read a number exactly: whole ones as int, others as Decimal with their digits."""
        return Literal(_number(token), _position(token))

    def text(self, token: Token) -> Node:
        """Read a quoted text."""
        return Literal(_unescape(token), _position(token))

    def name(self, token: Token) -> Node:
        """Read a name; three of them are constants."""
        name = str(token)
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name], _position(token))
        return Name(name, _position(token))

    def step(self, token: Token) -> Node:
        """Read `steps.<id>`, whose id may hold hyphens."""
        position = _position(token)
        step_id = str(token).partition(".")[2].strip()
        return Read(Name("steps", position), (Member(step_id, -1),), position, 2)

    def read(self, base: Node, *segments: Member | Node) -> Node:
        """Build a path; a path of a path is one path."""
        inner = [base, *(part for part in segments if not isinstance(part, Member))]
        if isinstance(base, Read):
            depth = max(base.depth, _deeper(inner[1:], base.position))
            return Read(base.base, base.segments + segments, base.position, depth)
        return Read(base, segments, base.position, _deeper(inner, base.position))

    def member(self, token: Token) -> Member:
        """Read a segment written with a dot; digits are an index."""
        key = str(token)
        return Member(key, int(key) if token.type == "INDEX" else -1)

    def computed(self, _bracket: Token, node: Node) -> Member | Node:
        """Read a segment in brackets; a literal one is as fixed as one written with a dot."""
        value = node.value if isinstance(node, Literal) else None
        if isinstance(value, str):
            return Member(value, -1)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return Member(str(value), value)
        return node

    def call(self, name: Token, *arguments: Node | Lambda) -> Node:
        """Build a call; which functions exist is decided by the compiler."""
        position = _position(name)
        return Call(str(name), arguments, position, _deeper(arguments, position))

    def function(self, head: Token, body: Node) -> Lambda:
        """Build a lambda from its head, such as `(item, index) =>`."""
        position = _position(head)
        names = tuple(re.findall(r"[^\W\d]\w*", str(head)))
        if len(set(names)) < len(names) or any(
            name in _CONSTANTS or name == "in" for name in names
        ):
            raise Fault("the parameters of a function need names of their own", position)
        return Lambda(names, body, position, _deeper((body,), position))

    def group(self, node: Node) -> Node:
        """Count parentheses as nesting; they leave no node."""
        return replace(node, depth=_deeper((node,), node.position))

    def braced(self, first: Token, second: Token, node: Node, third: Token, last: Token) -> Node:
        """Read `{{ x }}` inside an expression as `(x)`."""
        if _position(second) != _position(first) + 1 or _position(last) != _position(third) + 1:
            raise Fault("`{{` and `}}` are written without a space inside", _position(first))
        return self.group(node)

    def array(self, bracket: Token, *items: Node) -> Node:
        """Build `[a, b]`."""
        position = _position(bracket)
        return ArrayLiteral(items, position, _deeper(items, position))

    def field(self, key: Token, value: Node) -> tuple[str, Node, int]:
        """Read one field of an object."""
        text = _unescape(key) if key.type == "STRING" else str(key)
        return text, value, _position(key)

    def object(self, brace: Token, *parts: tuple[str, Node, int] | Token) -> Node:
        """Build `{a: b}`; a key that stands twice is a mistake, not a choice."""
        fields: dict[str, Node] = {}
        for part in parts:
            if isinstance(part, Token):
                continue
            key, value, place = part
            if key in fields:
                raise Fault(f"the key {key[:40]!r} stands twice in this object", place)
            fields[key] = value
        position = _position(brace)
        return ObjectLiteral(tuple(fields.items()), position, _deeper(fields.values(), position))


def _position(token: Token) -> int:
    return token.start_pos or 0


def _deeper(nodes: Iterable[Node | Lambda], position: int) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > MAX_NESTING:
        raise Fault(f"the expression is nested more than {MAX_NESTING} levels deep", position)
    return depth


def _number(token: Token) -> int | Decimal:
    text = str(token)
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Fault(f"the number's exponent is beyond ±{MAX_EXPONENT}", _position(token)) from None
    if len(value.as_tuple().digits) > MAX_DIGITS:
        raise Fault(f"the number has more than {MAX_DIGITS} digits", _position(token))
    if abs(value.adjusted()) > MAX_EXPONENT:
        raise Fault(f"the number's exponent is beyond ±{MAX_EXPONENT}", _position(token))
    return int(value) if text.isdigit() else value


def _unescape(token: Token) -> str:
    text = str(token)[1:-1]
    if "\\" not in text:
        return text
    start = _position(token) + 1
    value = _ESCAPE.sub(lambda match: _escaped(match, start), text)
    if max(value) >= "\ud800" and any("\ud800" <= character <= "\udfff" for character in value):
        value = _joined_surrogates(value, start)
    return value


def _escaped(match: re.Match[str], start: int) -> str:
    code = match[1] or match[2]
    if code is None:
        character = _ESCAPED.get(match[3])
        if character is None:
            message = f"unknown escape `\\{match[3]}`; a backslash itself is written `\\\\`"
            raise Fault(message, start + match.start())
        return character
    if not 0 < int(code, 16) <= sys.maxunicode:
        raise Fault(f"`{match[0]}` is not a character", start + match.start())
    return chr(int(code, 16))


def _joined_surrogates(text: str, start: int) -> str:
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise Fault("the text holds half of a surrogate pair", start) from None
