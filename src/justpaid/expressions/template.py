"""Templates: any JSON whose strings may hold `{{ … }}`, compiled once and filled many times.

Guarantee: a string that is one whole template yields the value with its type and digits; a
result is within 1 MiB, and all expressions of one template spend at most a million units.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from justpaid.errors import Problem
from justpaid.exact_json import MAX_DEPTH, JsonValue, join_path
from justpaid.expressions.budget import UNITS, Budget
from justpaid.expressions.errors import ExpressionError, ExpressionSyntaxError, Fault
from justpaid.expressions.expression import Expression, Reference, compile_expression
from justpaid.expressions.template_text import Inner, Unclosed, split
from justpaid.expressions.values import MAX_RESULT_BYTES, check_result, to_text

TEMPLATE_UNITS: Final = 10 * UNITS

Part: TypeAlias = str | Expression
Encode: TypeAlias = Callable[[str], str]


class _Filling:
    """One evaluation of a template: what it reads, and what it may still make."""

    __slots__ = ("allow_raw", "encode", "names", "room", "units")

    def __init__(
        self, names: Mapping[str, JsonValue], encode: Encode | None, *, allow_raw: bool
    ) -> None:
        self.names = names
        self.encode = encode
        self.allow_raw = allow_raw
        self.units = TEMPLATE_UNITS
        self.room = MAX_RESULT_BYTES

    def value(self, expression: Expression, where: str) -> JsonValue:
        """Evaluate one expression within what is left."""
        if expression.is_path:
            return expression.evaluate_unbounded(self.names)
        budget = self._budget()
        granted = budget.left
        try:
            value = expression.evaluate_unbounded(self.names, budget)
            if isinstance(value, str | list | dict):
                self.make(check_result(value))
        except ExpressionError as error:
            raise ExpressionError(error.message, error.expression, error.position, where) from None
        except Fault as fault:
            raise ExpressionError(fault.message, expression.source, 0, where) from None
        self.units -= granted - budget.left
        return value

    def text(self, expression: Expression, where: str) -> str:
        """Evaluate one expression for a place inside a text."""
        value = self.value(expression, where)
        budget = self._budget()
        granted = budget.left
        try:
            text = to_text(value, budget)
            self.make(len(text))
        except Fault as fault:
            raise ExpressionError(fault.message, expression.source, 0, where) from None
        self.units -= granted - budget.left
        if self.encode is None or (self.allow_raw and expression.is_raw):
            return text
        return self.encode(text)

    def _budget(self) -> Budget:
        if self.units >= UNITS:
            return Budget()
        budget = Budget(TEMPLATE_UNITS, "the expressions of this template need")
        budget.left = self.units
        return budget

    def make(self, size: int) -> None:
        """Count what was made; raises Fault when no result could hold it."""
        self.room -= size
        if self.room < 0:
            raise Fault(f"the result is larger than {MAX_RESULT_BYTES:,} bytes")


_Fill: TypeAlias = Callable[[_Filling], JsonValue]


class Template:
    """A compiled template.

    `parts` are the literal stretches and expressions of a template that is a string (empty for
    other JSON); `references` name everything it reads, each with the path of its string.
    """

    __slots__ = ("_fill", "_path", "_value", "is_constant", "parts", "references")

    def __init__(
        self,
        value: JsonValue,
        fill: _Fill | None,
        parts: tuple[Part, ...],
        references: tuple[Reference, ...],
        path: str,
    ) -> None:
        self.is_constant = fill is None
        self.parts = parts
        self.references = references
        self._value = value
        self._fill = fill
        self._path = path

    def evaluate(
        self,
        names: Mapping[str, JsonValue],
        encode: Encode | None = None,
        *,
        allow_raw: bool = False,
    ) -> JsonValue:
        """Return the filled value; raises ExpressionError that says where.

        `encode` is applied to every interpolated text inside a text, never to literals nor to a
        string that is one whole template; with `allow_raw`, not to `{{ raw(x) }}` either. Parts
        of the result may be parts of `names` or of the definition, and are never to be changed.
        """
        if self._fill is None:
            return self._value
        value = self._fill(_Filling(names, encode, allow_raw=allow_raw))
        if isinstance(value, str | list | dict):
            try:
                check_result(value)
            except Fault as fault:
                raise ExpressionError(fault.message, "", 0, self._path) from None
        return value


class _Compiler:
    """Compiles one template; gathers its problems and references."""

    def __init__(self, problems: list[Problem], extra_names: frozenset[str]) -> None:
        self.problems = problems
        self.references: list[Reference] = []
        self._extra_names = extra_names

    def compile(
        self, value: JsonValue, path: str, depth: int = 0
    ) -> tuple[JsonValue, _Fill | None]:
        """Return a value that is constant, or the function that fills it."""
        if isinstance(value, str):
            return self.compile_text(value, path)[:2]
        if not isinstance(value, list | dict):
            return value, None
        if depth >= MAX_DEPTH:
            self.problems.append(Problem(path, f"nested more than {MAX_DEPTH} levels deep"))
            return value, None
        if isinstance(value, list):
            items = [
                self.compile(item, join_path(path, index), depth + 1)
                for index, item in enumerate(value)
            ]
            return _list(items)
        fields = {
            key: self.compile(item, join_path(path, key), depth + 1) for key, item in value.items()
        }
        return _object(fields)

    def compile_text(
        self, text: str, path: str
    ) -> tuple[JsonValue, _Fill | None, tuple[Part, ...]]:
        """Compile a string; also returns its parts."""
        if "{{" not in text:
            return text, None, (text,)
        parts: list[Part] = []
        for part in split(text):
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, Unclosed):
                self._report(path, part.message, part.position)
            else:
                parts.extend(self._expression(part, path))
        if all(isinstance(part, str) for part in parts):
            literal = "".join(part for part in parts if isinstance(part, str))
            return literal, None, (literal,)
        whole = parts[0] if len(parts) == 1 else None
        if isinstance(whole, Expression):
            return None, _whole(whole, path), (whole,)
        return None, _joined(parts, path), tuple(parts)

    def _expression(self, inner: Inner, path: str) -> list[Part]:
        try:
            expression = compile_expression(inner.source, self._extra_names)
        except ExpressionSyntaxError as error:
            self._report(path, error.message, inner.position + error.position)
            return []
        self.references.extend(
            Reference(read.root, read.path, inner.position + read.position, path)
            for read in expression.references
        )
        return [expression]

    def _report(self, path: str, message: str, position: int) -> None:
        self.problems.append(Problem(path, f"{message} (position {position})"))


def compile_template(
    value: JsonValue,
    path: str,
    problems: list[Problem],
    extra_names: frozenset[str] = frozenset(),
) -> Template:
    """Compile any JSON; every bad template is appended to `problems` with its path.

    `extra_names` are roots beside the fixed ones: the item and index names of the loops around.
    """
    compiler = _Compiler(problems, extra_names)
    if isinstance(value, str):
        constant, fill, parts = compiler.compile_text(value, path)
    else:
        constant, fill = compiler.compile(value, path)
        parts = ()
    return Template(constant, fill, parts, tuple(compiler.references), path)


def _whole(expression: Expression, where: str) -> _Fill:
    return lambda filling: filling.value(expression, where)


def _joined(parts: Sequence[Part], where: str) -> _Fill:
    def fill(filling: _Filling) -> JsonValue:
        return "".join(
            part if isinstance(part, str) else filling.text(part, where) for part in parts
        )

    return fill


def _list(items: Sequence[tuple[JsonValue, _Fill | None]]) -> tuple[JsonValue, _Fill | None]:
    if all(fill is None for _, fill in items):
        return [constant for constant, _ in items], None
    return None, lambda filling: [
        constant if fill is None else fill(filling) for constant, fill in items
    ]


def _object(
    fields: Mapping[str, tuple[JsonValue, _Fill | None]],
) -> tuple[JsonValue, _Fill | None]:
    if all(fill is None for _, fill in fields.values()):
        return {key: constant for key, (constant, _) in fields.items()}, None
    return None, lambda filling: {
        key: constant if fill is None else fill(filling) for key, (constant, fill) in fields.items()
    }
