"""The syntax tree: what a parsed expression consists of, with positions and depth."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from justpaid.exact_json import JsonValue

MAX_NESTING: Final = 64


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, true, false or null, as written."""

    value: JsonValue
    position: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """A name to be looked up: a lambda's parameter, or a root such as `input`."""

    name: str
    position: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A fixed segment of a path; `index` is its number when it is one, else -1."""

    key: str
    index: int


@dataclass(frozen=True, slots=True)
class Read:
    """A value and the segments read from it; a computed segment is a node."""

    base: "Node"
    segments: tuple["Member | Node", ...]
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-` before an operand."""

    operator: str
    operand: "Node"
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class Link:
    """One further operand of a chain, with the operator before it."""

    operator: str
    operand: "Node"
    position: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, from left to right: `a + b - c` is one chain."""

    first: "Node"
    links: tuple[Link, ...]
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? positive : negative`."""

    condition: "Node"
    positive: "Node"
    negative: "Node"
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class ArrayLiteral:
    """`[a, b]`."""

    items: tuple["Node", ...]
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class ObjectLiteral:
    """`{key: value}`."""

    fields: tuple[tuple[str, "Node"], ...]
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class Lambda:
    """`item => body` or `(item, index) => body`, only ever an argument."""

    parameters: tuple[str, ...]
    body: "Node"
    position: int
    depth: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`."""

    name: str
    arguments: tuple["Node | Lambda", ...]
    position: int
    depth: int


Node: TypeAlias = (
    Literal | Name | Read | Unary | Chain | Conditional | ArrayLiteral | ObjectLiteral | Call
)
