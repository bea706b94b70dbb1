"""Paths: what is read, what is null, and what a compiled expression says it reads."""

from decimal import Decimal

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError, ExpressionSyntaxError
from justpaid.expressions.expression import Reference, compile_expression

NAMES: JsonObject = {
    "input": {
        "a": [[1, 2], Decimal("0.10")],
        "digits": {"0": "zero", "007": "agent"},
        "odd-key": 1,
        "total": 10,
        "in": "in",
        "größe": 3,
        "text": "abc",
        "steps": {"a-b": 1},
        "index": 1,
    },
    "steps": {
        "get-account": {"output": {"Id": "x"}, "status": "completed", "error": None},
        "a": {"output": {"b": 7}},
        "skipped": {"output": None, "status": "skipped", "error": None},
    },
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("input.a.0.1", 2),
        ("input.a[0][1]", 2),
        ("input . a [ 0 ] . 1", 2),
        ("input.a.1", Decimal("0.10")),
        ("input.a[1 - 1][input.index]", 2),
        ("input.a[1.0]", Decimal("0.10")),
        ("input.a[-1]", None),
        ("input.a[99999999999999999999999]", None),
        ("input.a.99999999999999999999999", None),
        ("input.a['0']", None),
        ("input.digits.0", "zero"),
        ("input.digits[0]", "zero"),
        ("input.digits.007", "agent"),
        ('input["odd-key"]', 1),
        ("input.odd - 1 ?? 5", None),
        ("input.in", "in"),
        ("input.größe", 3),
        ("input.text.0", None),
        ("input.text.length", None),
        ("input.missing.x[0].y", None),
        ("input[null]", None),
        ("steps.get-account.output.Id", "x"),
        ("steps . get-account . output . Id", "x"),
        ("steps['get-account'].status", "completed"),
        ("(steps).a.output.b-1", 6),
        ("steps.a.output.b - 1", 6),
        ("steps.a.output.b-1", 6),
        ("steps.skipped.output", None),
        ("steps.skipped.output.x", None),
        ("steps.missing.output", None),
        ("(steps.a).output.b", 7),
        ("{{input}}.total", 10),
        ("{a: [1, 2]}.a.1", 2),
        ("[[1, 2]].0[1]", 2),
        ("variables.x", None),
        ("env", None),
    ],
)
def test_a_path_reads_what_is_there(source: str, value: JsonValue) -> None:
    """A path gives the value, with its digits, and null for whatever is missing."""
    if source == "input.odd - 1 ?? 5":
        with pytest.raises(ExpressionError, match="cannot subtract"):
            compile_expression(source).evaluate(NAMES)
        return
    result = compile_expression(source).evaluate(NAMES)
    assert result == value
    assert str(result) == str(value)


@pytest.mark.parametrize("segment", ["true", "1.5", "[1]", "{}"])
def test_a_computed_segment_is_a_key_or_an_index(segment: str) -> None:
    """Reading by anything but a string or a whole number is an error, not a guess."""
    with pytest.raises(ExpressionError, match="a segment is a string or a whole number"):
        compile_expression(f"input.a[({segment})]").evaluate(NAMES)


def test_values_are_handed_through_untouched() -> None:
    """A path returns the very value: a number keeps its digits, an object its order."""
    value: JsonObject = {"z": Decimal("2.90"), "a": 1}
    assert compile_expression("input").evaluate({"input": value}) is value


@pytest.mark.parametrize(
    ("source", "references"),
    [
        ("input.a.0.b", [("input", ("a", "0", "b"), 0)]),
        ("1 + steps.get-account.output", [("steps", ("get-account", "output"), 4)]),
        ("steps['a'].output[input.i].x", [("steps", ("a", "output"), 0), ("input", ("i",), 18)]),
        ("keys(steps)", [("steps", (), 5)]),
        ("map(input.a, item => item.b + order.c)", [("input", ("a",), 4), ("order", ("c",), 30)]),
        ("order", [("order", (), 0)]),
        ("{{input.a}} ?? now", [("input", ("a",), 2), ("now", (), 15)]),
        ("1 + 1", []),
    ],
)
def test_an_expression_says_what_it_reads(
    source: str, references: list[tuple[str, tuple[str, ...], int]]
) -> None:
    """References name every root with its fixed segments and place, and no lambda's parameter."""
    expression = compile_expression(source, frozenset({"order"}))
    assert expression.references == tuple(Reference(*reference) for reference in references)


@pytest.mark.parametrize(
    ("source", "message", "position"),
    [
        ("stpes.a", "there is no `stpes`; did you mean `steps`?", 0),
        ("1 + item.a", "there is no `item`", 4),
        ("upper", "`upper` is a function: write `upper(…)`", 0),
        ("map(input.a, x => y)", "there is no `y`", 18),
        ("map(input.a, x => 1) + x", "there is no `x`", 23),
    ],
)
def test_an_unknown_name_is_a_mistake(source: str, message: str, position: int) -> None:
    """A misspelt root is refused when compiled, with its place, and never read as null."""
    with pytest.raises(ExpressionSyntaxError) as raised:
        compile_expression(source)
    assert message in raised.value.message
    assert raised.value.position == position


def test_loop_names_are_known_only_where_they_are_passed() -> None:
    """A loop's names are roots inside its body, and nowhere else."""
    names: JsonObject = {"order": {"id": 5}}
    assert compile_expression("order.id", frozenset({"order"})).evaluate(names) == 5
    with pytest.raises(ExpressionSyntaxError):
        compile_expression("order.id")


def test_a_parameter_may_be_named_like_a_loops_item() -> None:
    """The nearest meaning of a name counts: a lambda's parameter before the loop's item."""
    expression = compile_expression(
        "map([1, 2], item => map([10], x => x + item))[1][0] + item", frozenset({"item"})
    )
    assert expression.evaluate({"item": 100}) == 112
