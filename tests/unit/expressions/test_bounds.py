"""Bounds: length, nesting, counted work and result size, each with a clear error."""

import sys
from collections.abc import Callable

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import ExpressionError, ExpressionSyntaxError
from justpaid.expressions.expression import Expression, compile_expression

THOUSAND: JsonObject = {"input": {"list": list(range(1000)), "text": "ab " * 100_000}}


def test_an_expression_has_4096_characters_at_most() -> None:
    """The longest allowed expression works, one character more is refused."""
    source = "1+" * 2047 + "1 "
    assert len(source) == 4096
    assert compile_expression(source).evaluate({}) == 2048
    with pytest.raises(ExpressionSyntaxError, match="4,097 characters, more than 4,096"):
        compile_expression(source + " ")


@pytest.mark.parametrize(
    ("opening", "inner", "closing"),
    [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{a: ", "1", "}"),
        ("!", "1", ""),
        ("-", "input.a", ""),
        ("{{", "1", "}}"),
        ("abs(", "1", ")"),
        ("input[", "0", "]"),
        ("1 ? 2 : ", "3", ""),
        ("1 ? ", "2", " : 3"),
        ("map([1], x => ", "x", ")"),
        ("1 + (", "1", ")"),
        ("sum([", "1", "])"),
        ("map(map([1], x => ", "x", "), y => y)"),
    ],
)
def test_nesting_is_refused_at_its_bound_and_safe_below(
    opening: str, inner: str, closing: str
) -> None:
    """Whatever nests is refused past 64 levels; what is accepted needs little of the stack."""
    deepest = 0
    for levels in (10, 20, 30, 40, 50, 60, 62, 63, 64, 70, 100, 250):
        source = opening * levels + inner + closing * levels
        if len(source) > 4096:
            break
        expression = _compiled(source)
        if expression is None:
            continue
        deepest = levels
        _with_little_stack(lambda expression=expression: _outcome(expression.evaluate))
    assert 20 <= deepest <= 64


def _compiled(source: str) -> Expression | None:
    """Compile what is not nested too deep."""
    try:
        return compile_expression(source)
    except ExpressionSyntaxError as error:
        if "nested more than 64 levels deep" not in error.message:
            raise
        return None


def _outcome(evaluate: Callable[[JsonObject], JsonValue]) -> None:
    try:
        evaluate({"input": {"a": 1}})
    except ExpressionError as error:
        if "must be" not in error.message:
            raise


def _with_little_stack(act: Callable[[], None]) -> None:
    """Run with 500 frames left: a deep caller must not make an expression fail."""
    depth = 0
    frame = sys._getframe()  # noqa: SLF001  no other way to count frames
    while frame is not None:
        depth += 1
        frame = frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 500)
    try:
        act()
    finally:
        sys.setrecursionlimit(limit)


def test_values_of_full_depth_can_be_compared_and_written() -> None:
    """Values as deep as the API lets in are no problem; deeper ones are an error, not a crash."""
    deep: JsonValue = 1
    for _ in range(64):
        deep = [deep]
    names: JsonObject = {"input": {"a": deep}}

    def act() -> None:
        assert compile_expression("[input.a] == [input.a]").evaluate(names) is True
        assert compile_expression("length(json(input.a))").evaluate(names) == 129
        assert compile_expression("length(unique([input.a, input.a]))").evaluate(names) == 1
        source = "[" * 30 + "input.a" + "]" * 30
        for call in (f"{source} == {source}", f"json({source})", f"unique([{source}])"):
            with pytest.raises(ExpressionError, match="nested more than"):
                compile_expression(call).evaluate(names)

    _with_little_stack(act)


def test_a_result_is_nested_64_deep_at_most() -> None:
    """A result that could not be stored as JSON is refused where it is made."""
    deep: JsonValue = 1
    for _ in range(63):
        deep = [deep]
    names: JsonObject = {"input": deep}
    assert compile_expression("[input]").evaluate(names) == [deep]
    with pytest.raises(ExpressionError, match="the result is nested more than 64 levels deep"):
        compile_expression("[[input]]").evaluate(names)


@pytest.mark.parametrize(
    "source",
    [
        "map(input.list, a => map(input.list, b => 1))",
        "map(input.list, a => filter(input.list, b => false))",
        "any(input.list, a => all(input.list, b => true) && false)",
        "map(input.list, a => input.text == input.text + '')",
        "map(input.list, a => upper(input.text))",
        "map(input.list, a => contains(input.text, 'abab'))",
        "map(input.list, a => matches(input.text, '(a|b)+x'))",
        "map(input.list, a => replace(input.text, 'a', 'b'))",
        "map(input.list, a => length(split(input.text, ' ')))",
        "map(input.list, a => sha256(input.text))",
        "map(input.list, a => json(input.list))",
        "map(input.list, a => sort(input.list))",
        "map(input.list, a => unique(input.list))",
        "map(input.list, a => sum(input.list))",
        "map(input.list, a => max(input.list))",
        "map(input.list, a => input.list == input.list)",
        "map(input.list, a => a in input.list)",
        "map(input.list, a => flatten([input.list]))",
        "map(input.list, a => addBusinessDays('2024-01-01', 1000))",
        "map(input.list, a => padStart('', 100000))",
        "map(input.list, a => parseJson('[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]' + padStart('', 2000)))",
        "map(input.list, a => groupBy(input.list, b => b))",
        "map(input.list, a => join(input.list))",
        "addBusinessDays('2024-01-01', 100000)",
        "split(padStart('', 1000000), '')",
    ],
)
def test_work_ends_with_the_budget(source: str) -> None:
    """However the work is spread, it ends after the same count on every machine."""
    with pytest.raises(ExpressionError, match="more than 100,000 units of work"):
        compile_expression(source).evaluate(THOUSAND)


def test_the_same_work_is_counted_alike() -> None:
    """What an expression costs depends on its values only."""
    expression = compile_expression("sort(map(input.list, x => x * 2), 'desc')")
    spent: set[int] = set()
    for _ in range(3):
        budget = Budget()
        expression.evaluate(THOUSAND, budget)
        spent.add(budget.left)
    assert len(spent) == 1


def test_a_budget_can_be_shared() -> None:
    """Expressions that share a budget end together."""
    expression = compile_expression("sum(input.list)")
    budget = Budget(2500)
    expression.evaluate(THOUSAND, budget)
    expression.evaluate(THOUSAND, budget)
    with pytest.raises(ExpressionError, match="more than 2,500 units of work"):
        expression.evaluate(THOUSAND, budget)


@pytest.mark.parametrize(
    "source",
    [
        "padStart('', 1048576)",
        "[input.text, input.text, input.text, input.text]",
        "map(input.list, x => input.list)",
        "map(input.list, x => map([1, 2], y => input.list))",
        "{a: padStart('', 600000), b: padStart('', 600000)}",
        "padStart('', 524288, '\"')",
        "json(padStart('', 400000, '\"')) + padStart('', 400000)",
    ],
)
def test_a_result_is_one_mebibyte_at_most(source: str) -> None:
    """A result too large to record is refused, however often one value is referred to in it."""
    with pytest.raises(ExpressionError, match="the result is larger than 1,048,576 bytes"):
        compile_expression(source).evaluate(THOUSAND)


def test_the_largest_result_is_allowed() -> None:
    """A result of exactly 1 MiB of JSON is a result."""
    value = compile_expression("padStart('', 1048574)").evaluate({})
    assert isinstance(value, str)
    assert len(value) == 1024 * 1024 - 2
    with pytest.raises(ExpressionError):
        compile_expression("padStart('', 1048575)").evaluate({})


def test_numbers_from_text_are_bounded_too() -> None:
    """No function makes a number beyond 400 digits or an exponent of 400."""
    for source in (
        "number('1e401')",
        "number('1e99999999999999999999')",
        "number(padStart('', 401, '9'))",
        "number(padStart('', 100000, '9'))",
        "parseJson('1e500')",
        "round(1.5, 400) + round(input.x, 400)",
        "round(input.x, 10)",
    ):
        with pytest.raises(ExpressionError):
            compile_expression(source).evaluate({"input": {"x": 10**399}})
