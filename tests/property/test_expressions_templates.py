"""Templates: any text and any value survive them."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from justpaid import exact_json
from justpaid.errors import Problem
from justpaid.exact_json import JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.template import Template, compile_template

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters, max_size=30) | st.text("{}\\'\" a", max_size=30)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(-(10**9), 10**9, allow_nan=False, places=3)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


def _compiled(value: JsonValue) -> Template:
    problems: list[Problem] = []
    template = compile_template(value, "config", problems)
    assert problems == []
    return template


def _escaped(text: str, *, before_template: bool = False) -> str:
    """Write a text so that a template gives it back: the rule of the page, in reverse."""
    written: list[str] = []
    backslashes = 0
    position = 0
    while position < len(text):
        if text.startswith("{{", position):
            written.append("\\" * (backslashes + 1))
            written.append("{{")
            backslashes = 0
            position += 2
            continue
        written.append(text[position])
        backslashes = backslashes + 1 if text[position] == "\\" else 0
        position += 1
    if before_template:
        written.append("\\" * backslashes)
    return "".join(written)


@given(texts)
def test_any_text_can_be_written_as_itself(text: str) -> None:
    """Escaping braces is enough to have any text come out unchanged."""
    template = _compiled(_escaped(text))
    assert template.is_constant
    assert template.evaluate({}) == text


@given(texts, texts, texts)
def test_text_around_a_template_is_kept(before: str, value: str, after: str) -> None:
    """What stands around a template, and the text put into it, come out to the character."""
    before = before.rstrip("{")  # `{` and `{{` together would be another opening
    source = f"{_escaped(before, before_template=True)}{{{{ input }}}}{_escaped(after)}"
    result = _compiled(source).evaluate({"input": value})
    assert result == before + value + after


@given(json_values)
def test_a_whole_template_is_the_identity(value: JsonValue) -> None:
    """Any value passes a template untouched: the same object, thus the same digits."""
    assert _compiled("{{ input }}").evaluate({"input": value}) is value
    assert _compiled({"a": ["{{input}}"]}).evaluate({"input": value}) == {"a": [value]}


@given(json_values)
def test_a_value_in_text_reads_back(value: JsonValue) -> None:
    """An array or object written into text is JSON of the same value."""
    result = _compiled("={{ input }}").evaluate({"input": [value]})
    assert isinstance(result, str)
    assert exact_json.parse(result[1:]) == [value]


@given(texts)
def test_text_as_a_literal_reads_back(text: str) -> None:
    """JSON's way to quote a text is also the language's, also inside a template."""
    quoted = exact_json.encode_text(text)
    assert _compiled(f"{{{{ {quoted} }}}}").evaluate({}) == text
    assert _compiled(f"<{{{{ [{quoted}, {{a: {quoted}}}][1].a }}}}>").evaluate({}) == f"<{text}>"


@settings(deadline=None)
@given(
    st.recursive(
        st.lists(
            st.sampled_from(
                ["{{", "}}", "{", "}", "'", '"', "\\", "input", ".a", " + ", "1", " ", "x"]
            ),
            max_size=12,
        ).map("".join)
        | st.none()
        | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    ),
    json_values,
)
def test_any_template_is_compiled_or_a_problem(value: JsonValue, names: JsonValue) -> None:
    """Bad templates are problems with a path inside the configuration, and never an exception."""
    problems: list[Problem] = []
    template = compile_template(value, "config", problems)
    assert all(problem.field.startswith("config") for problem in problems)
    try:
        template.evaluate({"input": names})
    except ExpressionError as error:
        assert error.where.startswith("config")  # noqa: PT017  the error is the outcome here


@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=4))
def test_numbers_in_text_have_their_digits(number: Decimal) -> None:
    """A number is written into text with the digits it came with, without an exponent."""
    assert _compiled("{{ input }}!").evaluate({"input": number}) == f"{number:f}!"
