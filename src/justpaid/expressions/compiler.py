"""Syntax tree to closures, with every name and function resolved before anything runs.

Guarantee: a compiled expression reads known roots and calls functions of the table, no others.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from justpaid.exact_json import JsonValue
from justpaid.expressions.closures import (
    Closure,
    Frame,
    Keys,
    applied,
    binary,
    both,
    called,
    computed,
    constant,
    either,
    folded,
    negated,
    parameter,
    present,
    walk,
)
from justpaid.expressions.errors import Fault
from justpaid.expressions.functions import FUNCTIONS, Function
from justpaid.expressions.operators import OPERATORS
from justpaid.expressions.syntax import (
    ArrayLiteral,
    Call,
    Chain,
    Conditional,
    Lambda,
    Literal,
    Member,
    Name,
    Node,
    ObjectLiteral,
    Read,
    Unary,
)
from justpaid.expressions.values import is_truthy, shortened

ROOT_NAMES: Final = frozenset(
    {
        "input",
        "steps",
        "variables",
        "env",
        "now",
        "today",
        "runId",
        "workflowId",
        "companyId",
        "trigger",
    }
)


@dataclass(frozen=True, slots=True)
class RootRead:
    """A root that the expression reads, with the fixed segments after it."""

    root: str
    keys: tuple[str, ...]
    position: int


def fixed_path(node: Node) -> tuple[str, Keys] | None:
    """Return root and segments of an expression that is nothing but a fixed path."""
    if isinstance(node, Name):
        return node.name, ()
    if isinstance(node, Read) and isinstance(node.base, Name):
        keys = [(part.key, part.index) for part in node.segments if isinstance(part, Member)]
        if len(keys) == len(node.segments):
            return node.base.name, tuple(keys)
    return None


class Compiler:
    """Compiles one expression; afterwards tells what it reads and what it holds."""

    def __init__(self, extra_names: frozenset[str]) -> None:
        self.reads: list[RootRead] = []
        self.operations = 0
        self.parameters = 0
        self._extra_names = extra_names
        self._slots: dict[str, int] = {}

    def compile(self, node: Node) -> Closure:
        """Return the closure of a node; raises Fault with a position for what cannot be."""
        self.operations += 1
        match node:
            case Name():
                closure = self._root(node, ())
            case Read():
                closure = self._read(node)
            case Unary():
                closure = self._unary(node)
            case Chain():
                closure = self._chain(node)
            case Conditional():
                closure = self._conditional(node)
            case Call():
                closure = self._call(node)
            case Literal() | ArrayLiteral() | ObjectLiteral():
                closure = self._literal(node)
        return closure

    def _literal(self, node: Literal | ArrayLiteral | ObjectLiteral) -> Closure:
        if isinstance(node, ArrayLiteral):
            items = [self.compile(item) for item in node.items]
            return lambda frame: [item(frame) for item in items]
        if isinstance(node, ObjectLiteral):
            fields = [(key, self.compile(value)) for key, value in node.fields]
            return lambda frame: {key: value(frame) for key, value in fields}
        value = node.value
        return lambda _frame: value

    def _root(self, node: Name, keys: Keys) -> Closure:
        name = node.name
        slot = self._slots.get(name)
        if slot is not None:
            return parameter(slot, keys)
        if name not in ROOT_NAMES and name not in self._extra_names:
            raise self._unknown(name, node.position)
        self.reads.append(RootRead(name, tuple(key for key, _ in keys), node.position))
        if not keys:
            return lambda frame: frame.names.get(name)
        return lambda frame: walk(frame.names.get(name), keys)

    def _unknown(self, name: str, position: int) -> Fault:
        if name in FUNCTIONS:
            return Fault(f"`{name}` is a function: write `{name}(…)`", position)
        known = sorted(ROOT_NAMES | self._extra_names | self._slots.keys())
        return Fault(f"there is no `{shortened(name)}`{_suggestion(name, known)}", position)

    def _read(self, node: Read) -> Closure:
        fixed: list[tuple[str, int]] = []
        for segment in node.segments:
            if not isinstance(segment, Member):
                break
            fixed.append((segment.key, segment.index))
        keys = tuple(fixed)
        rest = node.segments[len(keys) :]
        if isinstance(node.base, Name):
            closure = self._root(node.base, keys)
        else:
            base = self.compile(node.base)
            closure: Closure = lambda frame: walk(base(frame), keys)  # noqa: E731  as its twin
        return self._computed(closure, rest) if rest else closure

    def _computed(self, base: Closure, segments: Sequence[Member | Node]) -> Closure:
        closures: list[tuple[Closure, int]] = []
        for segment in segments:
            if isinstance(segment, Member):
                closures.append((constant(segment), 0))
            else:
                closures.append((self.compile(segment), segment.position))

        return computed(base, closures)

    def _unary(self, node: Unary) -> Closure:
        operand = self.compile(node.operand)
        if node.operator == "!":
            return lambda frame: not is_truthy(operand(frame))
        return negated(operand, node.position)

    def _chain(self, node: Chain) -> Closure:
        first = self.compile(node.first)
        operands = [self.compile(link.operand) for link in node.links]
        match node.links[0].operator:
            case "&&":
                return both([first, *operands])
            case "||":
                return either([first, *operands])
            case "??":
                return present([first, *operands])
            case _:
                _refuse_quoted_comparison(node)
                links = [
                    (OPERATORS[link.operator], operand, link.position)
                    for link, operand in zip(node.links, operands, strict=True)
                ]
                return binary(first, *links[0]) if len(links) == 1 else folded(first, links)

    def _conditional(self, node: Conditional) -> Closure:
        condition = self.compile(node.condition)
        positive = self.compile(node.positive)
        negative = self.compile(node.negative)
        return lambda frame: positive(frame) if is_truthy(condition(frame)) else negative(frame)

    def _call(self, node: Call) -> Closure:
        function = FUNCTIONS.get(node.name)
        if function is None:
            hint = _suggestion(node.name, sorted(FUNCTIONS))
            raise Fault(f"there is no function `{shortened(node.name)}`{hint}", node.position)
        _check_arguments(function, node)
        arguments = [
            self._lambda(argument) if isinstance(argument, Lambda) else self.compile(argument)
            for argument in node.arguments
        ]
        places = [argument.position for argument in node.arguments]
        return called(node.name, function, arguments, [*places, node.position])

    def _lambda(self, node: Lambda) -> Callable[[Frame], Callable[[JsonValue, int], JsonValue]]:
        for name in node.parameters:
            if name in ROOT_NAMES:
                raise Fault(f"`{name}` already has a meaning; name it otherwise", node.position)
        outer, before = self._slots, self.operations
        self._slots = dict(outer)
        for name in node.parameters:
            self._slots[name] = self.parameters
            self.parameters += 1
        body = self.compile(node.body)
        slots = [self._slots[name] for name in node.parameters]
        self._slots = outer
        return applied(body, slots, 1 + self.operations - before)


def _check_arguments(function: Function, node: Call) -> None:
    given = len(node.arguments)
    if given < function.minimum or (function.maximum is not None and given > function.maximum):
        raise Fault(f"{node.name} takes {_expected(function)}, not {given}", node.position)
    for number, argument in enumerate(node.arguments):
        is_lambda = isinstance(argument, Lambda)
        if is_lambda and number != function.lambda_at:
            raise Fault(
                f"argument {number + 1} of {node.name} is a value, not a function",
                argument.position,
            )
        if function.lambda_required and number == function.lambda_at and not is_lambda:
            raise Fault(
                f"argument {number + 1} of {node.name} is a function such as `x => x.a`",
                argument.position,
            )


def _expected(function: Function) -> str:
    low, high = function.minimum, function.maximum
    least = "1 argument" if low == 1 else f"{low} arguments"
    if high is None:
        return f"{least} or more"
    return least if low == high else f"{low} to {high} arguments"


def _refuse_quoted_comparison(node: Chain) -> None:
    """Refuse `'{{x}}' == y`: quotes make the template plain text, never what was meant."""
    if node.links[0].operator in "+-*/%":
        return
    for operand in (node.first, *(link.operand for link in node.links)):
        value = operand.value if isinstance(operand, Literal) else None
        if isinstance(value, str) and value.startswith("{{") and value.endswith("}}"):
            raise Fault(
                "quotes make this template plain text; write {{…}} without quotes",
                operand.position,
            )


def _suggestion(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(shortened(name), known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""
