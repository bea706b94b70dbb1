"""Expressions: compiled once, evaluated many times on values, within a budget.

Guarantee: compiling raises nothing but ExpressionSyntaxError, evaluating nothing but
ExpressionError, and neither reads anything but its arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from justpaid.exact_json import JsonValue
from justpaid.expressions.budget import Budget
from justpaid.expressions.closures import Closure, Frame, Keys, walk
from justpaid.expressions.compiler import Compiler, fixed_path
from justpaid.expressions.errors import ExpressionError, ExpressionSyntaxError, Fault
from justpaid.expressions.parser import parse
from justpaid.expressions.syntax import Call, Node
from justpaid.expressions.values import check_result


@dataclass(frozen=True, slots=True)
class Reference:
    """A root name that is read, the fixed segments after it, and where that stands.

    `path` ends before the first computed segment. `position` counts from 0 in the string named by
    `where` (empty for an expression that is not part of a template).
    """

    root: str
    path: tuple[str, ...]
    position: int
    where: str = ""


class Expression:
    """A compiled expression; safe to share and to keep as long as its source lives."""

    __slots__ = (
        "_closure",
        "_operations",
        "_parameters",
        "_path",
        "is_path",
        "is_raw",
        "references",
        "source",
    )

    def __init__(self, source: str, node: Node, compiler: Compiler, closure: Closure) -> None:
        self.source = source
        self.references = tuple(
            Reference(read.root, read.keys, read.position) for read in compiler.reads
        )
        self.is_raw = isinstance(node, Call) and node.name == "raw"
        self._closure = closure
        self._operations = compiler.operations
        self._parameters = compiler.parameters
        self._path: tuple[str, Keys] | None = fixed_path(node)
        self.is_path = self._path is not None

    def evaluate(self, names: Mapping[str, JsonValue], budget: Budget | None = None) -> JsonValue:
        """Return the value on these names; raises ExpressionError.

        Parts of the result may be parts of `names`: values are shared and never changed. Without
        a budget the expression has one of its own.
        """
        value = self.evaluate_unbounded(names, budget)
        if isinstance(value, str | list | dict):
            try:
                check_result(value)
            except Fault as fault:
                raise ExpressionError(fault.message, self.source, 0) from None
        return value

    def evaluate_unbounded(
        self, names: Mapping[str, JsonValue], budget: Budget | None = None
    ) -> JsonValue:
        """Evaluate as part of something larger, whose maker holds the whole to its bounds."""
        if self._path is not None:
            root, keys = self._path
            return walk(names.get(root), keys)
        frame = Frame(names, budget or Budget(), [None] * self._parameters)
        try:
            frame.budget.charge(self._operations)
            return self._closure(frame)
        except Fault as fault:
            raise ExpressionError(fault.message, self.source, fault.position or 0) from None

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def compile_expression(source: str, extra_names: frozenset[str] = frozenset()) -> Expression:
    """Compile an expression; raises ExpressionSyntaxError with the position of the mistake.

    `extra_names` are roots beside the fixed ones: the item and index names of the loops around.
    """
    node = parse(source)
    compiler = Compiler(extra_names)
    try:
        return Expression(source, node, compiler, compiler.compile(node))
    except Fault as fault:
        raise ExpressionSyntaxError(fault.message, source, fault.position or 0) from None
