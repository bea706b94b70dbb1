"""The published ways out of other tools' expression languages lead nowhere here."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject
from justpaid.expressions.errors import ExpressionError, ExpressionFailure
from justpaid.expressions.expression import compile_expression
from justpaid.expressions.template import compile_template

PAYLOADS = [
    line
    for line in Path(__file__).with_name("escapes.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
NAMES: JsonObject = {
    "input": {"text": "abc", "list": [1, [2], {"a": 3}], "count": 1, "amount": Decimal("2.90")},
    "steps": {"a": {"output": {"x": 1}, "error": None, "status": "completed"}},
    "variables": {},
    "env": {},
    "now": "2024-01-01T00:00:00.000Z",
    "trigger": {"type": "api"},
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_known_escape_is_refused_or_reads_nothing(payload: str) -> None:
    """No published payload yields a value of the host, or any value at all."""
    try:
        value = compile_expression(payload).evaluate(NAMES)
    except ExpressionFailure:
        return
    assert value is None


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_known_escape_in_a_template_reads_nothing(payload: str) -> None:
    """The same holds where the payload stands in a template inside a text."""
    problems: list[Problem] = []
    template = compile_template("<{{ " + payload + " }}>", "config.text", problems)
    if not problems and not template.is_constant:
        with suppress(ExpressionError):
            assert template.evaluate(NAMES) == "<>"


@pytest.mark.parametrize(
    "text",
    [
        "${input}",
        "#{7*7}",
        "<%= 7*7 %>",
        "{% import os %}",
        "%(input)s",
        "{0.__class__}",
        "{input.__class__}",
        "`id`",
        "$(id)",
        "@(7*7)",
    ],
)
def test_other_languages_templates_are_plain_text(text: str) -> None:
    """Nothing but `{{ … }}` is ever a template, in definitions and in data."""
    problems: list[Problem] = []
    assert compile_template(text, "config.text", problems).evaluate(NAMES) == text
    filled = compile_template("{{ input.text }}!", "config.text", problems)
    assert filled.evaluate({"input": {"text": "{{ input.list }}" + text}}) == (
        "{{ input.list }}" + text + "!"
    )
    assert problems == []


def test_text_from_data_is_never_evaluated() -> None:
    """A template in a value stays the text that it is, however often it is passed on."""
    names: JsonObject = {"input": {"text": "{{ input.secret }}", "secret": "s3cret"}}
    problems: list[Problem] = []
    once = compile_template("{{ input.text }}", "config.text", problems).evaluate(names)
    again = compile_template("{{ input.text }} ", "config.text", problems).evaluate(
        {"input": {"text": once}}
    )
    assert once == "{{ input.secret }}"
    assert again == "{{ input.secret }} "
