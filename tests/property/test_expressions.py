"""Whatever is written and whatever it meets, an expression gives a value or its own error."""

import string
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justpaid import exact_json
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import ExpressionError, ExpressionSyntaxError
from justpaid.expressions.expression import Expression, compile_expression
from justpaid.expressions.functions import FUNCTIONS

KEYS = ["a", "b", "items", "amount", "constructor", "__proto__", "__class__", "length", "0", "é"]
PIECES = [
    *FUNCTIONS,
    *KEYS,
    *string.printable,
    "input",
    "steps.",
    "steps.a-b",
    "now",
    "x => ",
    "(x, i) => ",
    "{{",
    "}}",
    "===",
    "!==",
    "<=",
    "&&",
    "||",
    "??",
    "null",
    "true",
    " in ",
    "'text'",
    '"',
    "'",
    "\\",
    "\\u0041",
    "1e400",
    "0.1",
    "2.90",
    "${",
    "`",
    "é",
    "\u00a0",
    "\ud800",
    "\0",
    "😀",
]

numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.sampled_from([0, 10**399, -(10**399), Decimal("1E+400"), Decimal("1E-400")]),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999),
)
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.sampled_from(
        ["", "2024-01-31", "2024-02-29T10:00:00Z", "10", "EUR", "yyyy-MM-dd", "(a|b)+"]
    ),
    st.sampled_from(KEYS),
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(KEYS) | texts, inner, max_size=5)
    ),
    max_leaves=20,
)
names = st.fixed_dictionaries(
    {"input": json_values, "steps": json_values, "variables": json_values, "now": texts}
)


def _quoted(text: str) -> str:
    return exact_json.encode_text(text)


def _called(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    @st.composite
    def call(draw: st.DrawFn) -> str:
        name = draw(st.sampled_from(sorted(FUNCTIONS)))
        function = FUNCTIONS[name]
        most = function.minimum + 2 if function.maximum is None else function.maximum
        count = draw(st.integers(function.minimum, most))
        arguments = [draw(children) for _ in range(count)]
        if function.lambda_at is not None and function.lambda_at < count:
            head = draw(st.sampled_from(["x => ", "(x, i) => ", "y => "]))
            arguments[function.lambda_at] = head + arguments[function.lambda_at]
        return f"{name}({', '.join(arguments)})"

    return call()


def _larger(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(
        "+ - * / % == != === !== < <= > >= in && || ?? ".split()  # noqa: SIM905  reads as a row
    )
    return st.one_of(
        st.tuples(children, operators, children).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(children, children, children).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})"),
        st.tuples(st.sampled_from("!-"), children).map("".join),
        st.lists(children, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(st.sampled_from(["a", "'b c'", "__proto__"]), children).map(
            lambda pair: f"{{{pair[0]}: {pair[1]}}}"
        ),
        st.tuples(children, children).map(lambda pair: f"({pair[0]})[{pair[1]}]"),
        st.tuples(children, st.sampled_from(["a", "length", "__class__", "0"])).map(
            lambda pair: f"({pair[0]}).{pair[1]}"
        ),
        children.map(lambda inner: f"{{{{ {inner} }}}}"),
        _called(children),
    )


leaves = st.one_of(
    st.sampled_from(
        [
            "input",
            "input.a",
            "input.items.0",
            "steps.a-b.output",
            "variables.amount",
            "now",
            "x",
            "y",
            "i",
            "null",
            "true",
            "1e400",
            "1e-400",
            "0",
        ]
    ),
    st.integers(0, 10**40).map(str),
    st.decimals(0, 10**6, places=3).map(str),
    texts.map(_quoted),
)
sources = st.recursive(leaves, _larger, max_leaves=25)


def _compiled(source: str) -> Expression | None:
    try:
        return compile_expression(source, frozenset({"x", "y", "i"}))
    except ExpressionSyntaxError as error:
        assert 0 <= error.position <= len(source)  # noqa: PT017  the error is the outcome here
        assert error.message  # noqa: PT017
        return None


def _is_json(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, dict):
        return all(type(key) is str and _is_json(item) for key, item in value.items())
    return value is None or type(value) in (bool, int, Decimal, str)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_an_expression_or_a_syntax_error(source: str) -> None:
    """No text makes the parser fail in any other way."""
    _compiled(source)


@settings(deadline=None, max_examples=60)
@given(
    st.text(min_size=1, max_size=4) | st.sampled_from(PIECES),
    st.integers(1, 1500),
    st.sampled_from(["", "1", "x", "'"]),
    st.text(max_size=3) | st.sampled_from(PIECES),
)
def test_repetition_exhausts_nothing(left: str, count: int, inner: str, right: str) -> None:
    """Long and deep repetitions are answered too, never with a crash of the parser."""
    _compiled((left * count + inner + right * count)[:5000])


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(sources, names)
def test_any_expression_on_any_values_gives_json_or_an_expression_error(
    source: str, values: JsonObject
) -> None:
    """Evaluation yields plain values within the API's bounds, or ExpressionError: nothing else."""
    expression = _compiled(source)
    if expression is None:
        return
    try:
        value = expression.evaluate({**values, "x": [1], "y": "y", "i": 0})
    except ExpressionError as error:
        assert 0 <= error.position <= len(source)  # noqa: PT017  the error is the outcome here
        return
    assert _is_json(value)
    if len(exact_json.encode(value)) < 10_000:
        _, problems = exact_json.bounded(exact_json.parse(exact_json.encode(value)))
        assert problems == []


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(sources, names)
def test_the_same_expression_on_the_same_values_gives_the_same(
    source: str, values: JsonObject
) -> None:
    """Result, error and units spent depend on nothing but expression and values."""
    outcomes: list[tuple[str, int]] = []
    for _ in range(2):
        expression = _compiled(source)
        if expression is None:
            return
        budget = Budget()
        try:
            outcome = repr(expression.evaluate({**values, "x": [1], "y": "y", "i": 0}, budget))
        except ExpressionError as error:
            outcome = str(error)
        outcomes.append((outcome, budget.left))
    assert outcomes[0] == outcomes[1]


@settings(deadline=None, max_examples=100)
@given(
    json_values, st.lists(st.sampled_from([*KEYS, "keys", "items", "pop", "append"]), max_size=4)
)
def test_a_path_reads_own_members_only(value: JsonValue, path: list[str]) -> None:
    """A path gives what plain lookups give: keys of objects, indexes of arrays, else null."""
    expected: JsonValue = value
    for key in path:
        if isinstance(expected, dict):
            expected = expected.get(key)
        elif isinstance(expected, list) and key.isascii() and key.isdigit():
            expected = expected[int(key)] if int(key) < len(expected) else None
        else:
            expected = None
    dotted = "".join(f".{key}" for key in path)
    assert compile_expression(f"input{dotted}").evaluate({"input": value}) is expected
    segments: list[JsonValue] = [*path]
    found = compile_expression("get(input, variables)").evaluate(
        {"input": value, "variables": segments}
    )
    assert found is expected or found == expected
