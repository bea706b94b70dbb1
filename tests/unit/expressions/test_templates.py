"""Templates: where they end, what they yield, what they say they read, and their mistakes."""

from decimal import Decimal

import pytest

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.expression import Expression, Reference
from justpaid.expressions.template import Template, compile_template

NAMES: JsonObject = {
    "input": {
        "name": "Ada",
        "price": Decimal("2.90"),
        "big": Decimal("1E+3"),
        "yes": True,
        "none": None,
        "list": [1, Decimal("2.50"), None, {"a": "x"}],
        "object": {"b": "é", "a": Decimal("1.10")},
        "markup": "<b>&</b>",
    }
}


def _compiled(value: JsonValue) -> Template:
    problems: list[Problem] = []
    template = compile_template(value, "config", problems)
    assert problems == []
    return template


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ input.price }}", Decimal("2.90")),
        ("{{input.list}}", [1, Decimal("2.50"), None, {"a": "x"}]),
        ("{{input.none}}", None),
        ("{{input.yes}}", True),
        ("{{ input.missing }}", None),
        ("{{ {a: {b: 1}} }}", {"a": {"b": 1}}),
        ("{{{a: 1}}}", {"a": 1}),
        ("{{ '}}' }}", "}}"),
        ('{{ "\\"}}" }}', '"}}'),
        ("{{ '{{' + input.name }}", "{{Ada"),
        ("{{\n input.name\t}}", "Ada"),
    ],
)
def test_a_whole_template_yields_the_value_itself(text: str, value: JsonValue) -> None:
    """A string that is one template keeps the value's type and digits."""
    result = _compiled(text).evaluate(NAMES)
    assert result == value
    assert str(result) == str(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        (" {{ input.name }}", " Ada"),
        ("{{ input.name }}\n", "Ada\n"),
        ("{{input.name}}{{input.name}}", "AdaAda"),
        ("{{input.price}} / {{input.big}} / {{input.yes}}", "2.90 / 1000 / true"),
        ("[{{input.none}}{{input.missing.x}}]", "[]"),
        ("={{input.list}}", '=[1,2.50,null,{"a":"x"}]'),
        ("={{input.object}}", '={"b":"é","a":1.10}'),
        ("} }} { {{ input.name }} }}", "} }} { Ada }}"),
        ("{{ {a: 1}.a }}{{ {b: {c: 2}}.b.c }}", "12"),
        ("{{ 'a}}b' }}!", "a}}b!"),
        ("{ {input.name} }", "{ {input.name} }"),
    ],
)
def test_a_template_in_a_text_is_written_into_it(text: str, value: JsonValue) -> None:
    """Objects are written as JSON, null as nothing, numbers without an exponent."""
    assert _compiled(text).evaluate(NAMES) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\{{ input.name }}", "{{ input.name }}"),
        (r"\{{", "{{"),
        (r"a\{{b}}{{input.name}}\{{", "a{{b}}Ada{{"),
        (r"\\{{input.name}}", r"\Ada"),
        (r"\\\{{input.name}}", r"\{{input.name}}"),
        (r"\\\\{{input.name}}", r"\\Ada"),
        (r"C:\path\{x}", r"C:\path\{x}"),
        (r"{{input.name}}\\", r"Ada\\"),
        (r"{{input.name}}\\{{input.name}}", r"Ada\Ada"),
    ],
)
def test_a_backslash_keeps_braces(text: str, value: str) -> None:
    """An odd number of backslashes keeps the braces, every pair is one backslash."""
    assert _compiled(text).evaluate(NAMES) == value


def test_any_json_can_hold_templates() -> None:
    """Values at any depth are filled; keys and other values stay as they are."""
    template = _compiled(
        {
            "{{ input.name }}": "key",
            "list": ["{{ input.price }}", 1, None, {"deep": "Dear {{ input.name }}"}],
            "amount": Decimal("1.50"),
            "constant": {"a": ["b"]},
        }
    )
    assert template.evaluate(NAMES) == {
        "{{ input.name }}": "key",
        "list": [Decimal("2.90"), 1, None, {"deep": "Dear Ada"}],
        "amount": Decimal("1.50"),
        "constant": {"a": ["b"]},
    }
    assert not template.is_constant
    assert template.parts == ()


@pytest.mark.parametrize(
    "value", ["text", r"\{{ x }}", 5, Decimal("2.90"), None, True, [], {"a": ["b", {"c": None}]}]
)
def test_what_has_no_template_is_constant(value: JsonValue) -> None:
    """A configuration without templates is known when it is compiled, and reads nothing."""
    template = _compiled(value)
    assert template.is_constant
    assert template.references == ()
    assert template.evaluate({}) == (value if value != r"\{{ x }}" else "{{ x }}")


def test_parts_tell_literal_text_from_expressions() -> None:
    """A caller can see which stretches of a text are literal, such as a URL's host."""
    parts = _compiled("https://a.example/{{ input.name }}/x").parts
    assert parts[0] == "https://a.example/"
    assert isinstance(parts[1], Expression)
    assert parts[1].source == "input.name"
    assert parts[2] == "/x"
    assert _compiled("https://a.example").parts == ("https://a.example",)


def test_references_say_where_they_stand() -> None:
    """Each reference names its string's path, and the position in that string."""
    template = _compiled(
        {"to": "Dear {{ input.name }}, {{steps.get-a.output.x[input.i]}}", "cc": ["{{ today }}"]}
    )
    assert template.references == (
        Reference("input", ("name",), 8, "config.to"),
        Reference("steps", ("get-a", "output", "x"), 25, "config.to"),
        Reference("input", ("i",), 46, "config.to"),
        Reference("today", (), 3, "config.cc[0]"),
    )


def test_every_mistake_is_reported_with_its_path() -> None:
    """All bad templates of a configuration are found at once, with path and position."""
    problems: list[Problem] = []
    template = compile_template(
        {
            "a": ["{{ input.x", "fine"],
            "b": "x {{ stpes.y }} {{ 1 + }}",
            "c": {"d": "{{ it's }}"},
            "e": "{{}}",
        },
        "steps[2].config",
        problems,
    )
    assert [(problem.field, problem.message) for problem in problems] == [
        ("steps[2].config.a[0]", "the template is never closed with `}}` (position 0)"),
        ("steps[2].config.b", "there is no `stpes`; did you mean `steps`? (position 5)"),
        ("steps[2].config.b", "the expression ends where more was expected (position 22)"),
        (
            "steps[2].config.c.d",
            "the template is never closed: a text opens at position 5 (position 0)",
        ),
        ("steps[2].config.e", "the expression is empty (position 2)"),
    ]
    assert template.references == ()


def test_values_too_deep_are_a_problem_not_a_crash() -> None:
    """A configuration nested past the bound is refused with its path."""
    value: JsonValue = "x"
    for _ in range(100):
        value = [value]
    problems: list[Problem] = []
    compile_template(value, "config", problems)
    assert [problem.message for problem in problems] == ["nested more than 64 levels deep"]


def test_loop_names_are_passed_on() -> None:
    """The names a loop adds can be read in the templates of its body."""
    problems: list[Problem] = []
    template = compile_template("{{ order.id }}", "config", problems, frozenset({"order"}))
    assert problems == []
    assert template.evaluate({"order": {"id": 7}}) == 7


def test_interpolated_text_is_encoded_for_its_place() -> None:
    """The encoder gets every interpolated text, and neither literals nor whole templates."""
    template = _compiled("<p>{{ input.markup }}{{ input.price }}{{ raw(input.markup) }}</p>")

    def encode(text: str) -> str:
        return f"({text})"

    assert template.evaluate(NAMES, encode) == "<p>(<b>&</b>)(2.90)(<b>&</b>)</p>"
    assert template.evaluate(NAMES, encode, allow_raw=True) == "<p>(<b>&</b>)(2.90)<b>&</b></p>"
    assert _compiled("{{ input.markup }}").evaluate(NAMES, encode) == "<b>&</b>"
    assert _compiled("a").evaluate(NAMES, encode) == "a"


def test_an_error_says_in_which_string_it_happened() -> None:
    """A failing template names path, expression, position and what was found."""
    template = _compiled({"to": ["x {{ upper(input.price) }}"]})
    with pytest.raises(ExpressionError) as raised:
        template.evaluate(NAMES)
    assert raised.value.where == "config.to[0]"
    assert str(raised.value) == (
        "config.to[0]: upper: argument 1 must be a string, found the number 2.90 "
        "(position 6 of `upper(input.price)`)"
    )


def test_a_filled_template_is_bounded() -> None:
    """Many parts that are fine alone cannot make a result that is not."""
    names: JsonObject = {"input": {"t": "x" * 600_000, "o": {"t": "x" * 600_000}}}
    values: list[JsonValue] = [
        "{{ input.t }}{{ input.t }}",
        ["{{ input.t }}", "{{ input.t }}"],
        {"a": "{{ input.o }}", "b": "{{ input.o }}"},
        ["{{ input.t + '' }}", "{{ input.t + '' }}"],
        "{{ input.o }}, {{ input.o }}",
    ]
    for value in values:
        with pytest.raises(ExpressionError, match="larger than 1,048,576 bytes"):
            _compiled(value).evaluate(names)
    assert _compiled(["{{ input.t }}", "!"]).evaluate(names) == ["x" * 600_000, "!"]


def test_a_filled_template_is_nested_64_deep_at_most() -> None:
    """Wrapping a deep value once more is refused before it is stored."""
    deep: JsonValue = 1
    for _ in range(63):
        deep = [deep]
    assert _compiled({"a": "{{ input }}"}).evaluate({"input": deep}) == {"a": deep}
    with pytest.raises(ExpressionError, match="config: the result is nested more than 64"):
        _compiled({"a": ["{{ input }}"]}).evaluate({"input": deep})


def test_the_expressions_of_one_template_share_a_million_units() -> None:
    """Spreading work over many strings does not buy more of it."""
    names: JsonObject = {"input": {"list": [*range(900)]}}
    source = "{{ length(map(input.list, a => map([1, 2, 3, 4, 5, 6, 7, 8], b => a))) }}"
    template = _compiled([source for _ in range(100)])
    with pytest.raises(ExpressionError, match="of this template need more than 1,000,000 units"):
        template.evaluate(names)


def test_backslashes_and_braces_cost_no_more_than_their_number() -> None:
    """Long runs of the characters templates are made of are split in one pass."""
    for text in ("\\" * 300_000, "{" * 300_001, "}" * 300_000, "\\{{" * 100_000, "'{{" * 100_000):
        problems: list[Problem] = []
        compile_template(text, "config", problems)
        assert len(problems) <= 1
