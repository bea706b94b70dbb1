"""The user's page: every example on it is executed, and every function stands on it."""

import json
import re
from pathlib import Path

import pytest

from justpaid import exact_json
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionFailure
from justpaid.expressions.expression import compile_expression
from justpaid.expressions.functions import FUNCTIONS
from justpaid.expressions.template import compile_template

PAGE = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text("utf-8")
CELLS = re.compile(r"(?<!\\)\|")


def _names() -> JsonObject:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block
    names = exact_json.parse(block[1])
    assert isinstance(names, dict)
    return names


def _rows() -> list[tuple[str, str, str]]:
    """Return (kind of example, example, result) of every table that has results."""
    rows: list[tuple[str, str, str]] = []
    header: list[str] = []
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in CELLS.split(line)[1:-1]]
        if not header:
            header = cells
        elif header[-1] == "Result" and not set(cells[0]) <= {"-"}:
            rows.append((header[-2], cells[-2].strip("`"), cells[-1]))
    return rows


def _evaluated(kind: str, example: str, names: JsonObject) -> JsonValue:
    if kind != "Template":
        return compile_expression(example).evaluate(names)
    problems: list[Problem] = []
    template = compile_template(example, "example", problems)
    assert not problems
    return template.evaluate(names)


@pytest.mark.parametrize(("kind", "example", "result"), _rows(), ids=lambda value: str(value)[:60])
def test_an_example_gives_what_the_page_says(kind: str, example: str, result: str) -> None:
    """A reader who copies an example gets the documented result, to the digit."""
    if result.startswith("error: "):
        with pytest.raises(ExpressionFailure) as raised:
            _evaluated(kind, example, _names())
        assert raised.value.message == result.removeprefix("error: ")
        return
    expected = exact_json.parse(result.strip("`"))
    assert exact_json.encode_text(_evaluated(kind, example, _names())) == exact_json.encode_text(
        expected
    )


def test_the_page_shows_every_function() -> None:
    """No function of the language is left undocumented or without an executed example."""
    described = set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE))
    shown = {name for _, example, _ in _rows() for name in re.findall(r"(\w+)\(", example)}
    assert set(FUNCTIONS) <= described & shown
    assert described <= set(FUNCTIONS)


def test_the_json_of_the_pattern_example_is_right() -> None:
    """The page's advice on doubling backslashes in JSON holds."""
    text = re.search(r'`("matches\(input\.id.*?")`', PAGE)
    assert text
    expression = compile_expression(json.loads(text[1]))
    assert expression.evaluate({"input": {"id": "042"}}) is True
