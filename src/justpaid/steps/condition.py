"""The step `condition`: true or false, and the path that follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from justpaid.engine.contract import Completed, Failed, PureHandler, StepContext
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions import decimals, values
from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import ExpressionError, ExpressionSyntaxError, Fault
from justpaid.expressions.expression import Expression, Reference, compile_expression
from justpaid.expressions.patterns import matches
from justpaid.expressions.template import Template, compile_template
from justpaid.steps.outcomes import bad_template
from justpaid.workflows.step_types import StepType, compile_expression_field

Names: TypeAlias = Mapping[str, JsonValue]
Operation: TypeAlias = Callable[[JsonValue, JsonValue, Budget], bool]
Operand: TypeAlias = Template | Expression

_GROUPS: Final = ("all", "any", "not")
_ALONE: Final = frozenset({"exists", "isEmpty"})
_LITERAL: Final = "{{"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`{left, operator, right}`, compiled."""

    left: Operand
    operator: str
    right: Operand | None
    references: tuple[Reference, ...]

    def decide(self, names: Names) -> tuple[bool, JsonValue]:
        """Return the result, and the comparison with its operands filled."""
        left = self.left.evaluate(names)
        shown: JsonObject = {"left": left, "operator": self.operator}
        right: JsonValue = None
        if self.right is not None:
            right = shown["right"] = self.right.evaluate(names)
        try:
            return OPERATIONS[self.operator](left, right, Budget()), shown
        except Fault as fault:
            raise ExpressionError(fault.message, self.operator, 0, "config.conditions") from None


@dataclass(frozen=True, slots=True)
class Group:
    """`{all}`, `{any}` or `{not}`, compiled. What decides no more is not evaluated."""

    kind: str
    members: tuple["Condition", ...]
    references: tuple[Reference, ...]

    def decide(self, names: Names) -> tuple[bool, JsonValue]:
        """Return the result, and what was evaluated on the way to it."""
        seen: list[JsonValue] = []
        result = self.kind != "any"
        for member in self.members:
            result, shown = member.decide(names)
            seen.append(shown)
            if self.kind == "not":
                return not result, {"not": shown}
            if result is (self.kind == "any"):
                break
        return result, {self.kind: seen}


@dataclass(frozen=True, slots=True)
class Truth:
    """An expression string, compiled."""

    expression: Expression
    references: tuple[Reference, ...]

    def decide(self, names: Names) -> tuple[bool, JsonValue]:
        """Return whether the expression's value counts as true, and its text."""
        return values.is_truthy(self.expression.evaluate(names)), self.expression.source


Condition: TypeAlias = Comparison | Group | Truth


def compile_conditions(
    value: JsonValue, path: str, problems: list[Problem], extra_names: frozenset[str]
) -> Condition | None:
    """Compile the field `conditions`; every mistake is reported with its path."""
    if isinstance(value, str):
        expression = compile_expression_field(value, path, problems, extra_names)
        return None if expression is None else Truth(expression, expression.references)
    if not isinstance(value, dict):
        problems.append(Problem(path, "must be an expression, a comparison, all, any or not"))
        return None
    kinds = [kind for kind in _GROUPS if kind in value]
    if not kinds:
        return _compile_comparison(value, path, problems, extra_names)
    if len(value) > 1:
        problems.append(Problem(path, f"{kinds[0]} stands alone in its object"))
        return None
    return _compile_group(kinds[0], value[kinds[0]], f"{path}.{kinds[0]}", problems, extra_names)


def _compile_group(
    kind: str,
    value: JsonValue,
    path: str,
    problems: list[Problem],
    extra_names: frozenset[str],
) -> Group | None:
    if kind == "not":
        members = [compile_conditions(value, path, problems, extra_names)]
    elif isinstance(value, list) and value:
        members = [
            compile_conditions(item, f"{path}[{index}]", problems, extra_names)
            for index, item in enumerate(value)
        ]
    else:
        problems.append(Problem(path, "must be a list of conditions, not an empty one"))
        return None
    known = tuple(member for member in members if member is not None)
    if len(known) < len(members):
        return None
    references = tuple(reference for member in known for reference in member.references)
    return Group(kind, known, references)


def _compile_comparison(
    value: JsonObject, path: str, problems: list[Problem], extra_names: frozenset[str]
) -> Comparison | None:
    before = len(problems)
    operator = value.get("operator")
    problems.extend(
        Problem(f"{path}.{name}", "is not a field of a comparison")
        for name in value
        if name not in {"left", "operator", "right"}
    )
    if not isinstance(operator, str) or operator not in OPERATIONS:
        problems.append(Problem(f"{path}.operator", f"must be one of {', '.join(OPERATIONS)}"))
    if "left" not in value:
        problems.append(Problem(f"{path}.left", "is missing"))
    if "right" not in value and operator not in _ALONE:
        problems.append(Problem(f"{path}.right", "is missing"))
    left = _compile_operand(value.get("left"), f"{path}.left", problems, extra_names)
    right = None
    if "right" in value and operator not in _ALONE:
        right = _compile_operand(value["right"], f"{path}.right", problems, extra_names)
    if len(problems) > before or not isinstance(operator, str):
        return None
    references = left.references + (() if right is None else right.references)
    return Comparison(left, operator, right, references)


def _compile_operand(
    value: JsonValue, path: str, problems: list[Problem], extra_names: frozenset[str]
) -> Operand:
    """Compile an operand: braces are optional around a plain path such as `input.amount`."""
    if isinstance(value, str) and _LITERAL not in value:
        try:
            expression = compile_expression(value, extra_names)
        except ExpressionSyntaxError:
            expression = None  # ordinary text
        if expression is not None and any(reference.path for reference in expression.references):
            return expression
    return compile_template(value, path, problems, extra_names)


def _number(value: JsonValue) -> decimals.Number | None:
    if values.is_number(value):
        return value
    return decimals.numeric(value) if isinstance(value, str) else None


def _equals(left: JsonValue, right: JsonValue, budget: Budget) -> bool:
    if values.is_number(left) or values.is_number(right):
        first, second = _number(left), _number(right)
        return first is not None and second is not None and first == second
    return values.equals(left, right, budget)


def _differs(left: JsonValue, right: JsonValue, budget: Budget) -> bool:
    return not _equals(left, right, budget)


def _order(left: JsonValue, right: JsonValue, budget: Budget) -> int:
    first, second = _number(left), _number(right)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    return values.compare(left, right, budget)


def _contains(left: JsonValue, right: JsonValue, budget: Budget) -> bool:
    if isinstance(left, list):
        return any(_equals(item, right, budget) for item in left)
    return left is not None and values.contains(left, right, budget)


def _starts_with(left: JsonValue, right: JsonValue, _: Budget) -> bool:
    return _text(left, "startsWith").startswith(_text(right, "startsWith"))


def _ends_with(left: JsonValue, right: JsonValue, _: Budget) -> bool:
    return _text(left, "endsWith").endswith(_text(right, "endsWith"))


def _matches(left: JsonValue, right: JsonValue, budget: Budget) -> bool:
    return matches(_text(left, "matches"), _text(right, "matches"), budget)


def _text(value: JsonValue, operator: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return decimals.plain(value)
    raise Fault(f"{operator} compares texts, and found {values.described(value)}")


def _is_empty(left: JsonValue, _: JsonValue, _budget: Budget) -> bool:
    return left is None or left == "" or (isinstance(left, list | dict) and not left)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "eq": _equals,
    "ne": _differs,
    "gt": lambda left, right, budget: _order(left, right, budget) > 0,
    "gte": lambda left, right, budget: _order(left, right, budget) >= 0,
    "lt": lambda left, right, budget: _order(left, right, budget) < 0,
    "lte": lambda left, right, budget: _order(left, right, budget) <= 0,
    "contains": _contains,
    "startsWith": _starts_with,
    "endsWith": _ends_with,
    "exists": lambda left, _right, _budget: left is not None,
    "isEmpty": _is_empty,
    "matches": _matches,
}

_IDS: Final[JsonObject] = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}

CONDITION: Final = StepType(
    name="condition",
    title="Condition",
    description="Decides which path the run takes.",
    has_paths=True,
    expression_fields={"conditions": compile_conditions},
    config_schema={
        "type": "object",
        "required": ["conditions"],
        "additionalProperties": False,
        "properties": {
            "conditions": {
                "title": "Conditions",
                "description": "An expression; or `{left, operator, right}`; or `all`, `any` and "
                "`not` around them. Operators: " + ", ".join(OPERATIONS) + ".",
                "type": ["string", "object"],
            },
            "then": {"title": "Then", "description": "Steps to run when it is true.", **_IDS},
            "else": {"title": "Else", "description": "Steps to run when it is false.", **_IDS},
        },
    },
)


class Decide(PureHandler):
    """Evaluates the conditions."""

    def evaluate(self, context: StepContext) -> Completed | Failed:
        """Give `{result}`."""
        condition = context.node.expressions["conditions"]
        if not isinstance(condition, Comparison | Group | Truth):
            raise TypeError("the conditions were compiled by another type")
        try:
            result, shown = condition.decide(context.names)
        except ExpressionError as error:
            return bad_template(error)
        return Completed({"result": result}, {"conditions": shown})
