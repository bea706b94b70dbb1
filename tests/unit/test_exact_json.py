"""Exact JSON: digits survive, bounds are held, no parser failure escapes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid import exact_json
from justpaid.errors import InvalidInput, Problem

_BAD = [
    (b'{"a":[1,{"b":"\\ud800"}]}', "a[1].b", "surrogate"),
    (b'{"a":"x\\u0000y"}', "a", "U+0000"),
    (b'{"n":1e999999999}', "n", "exponent"),
    (b'{"n":1e99999999999999999999999}', "n", "exponent"),
    (b'{"n":[' + b"1" * 5000 + b"]}", "n[0]", "digits"),
    (b'{"n":0.' + b"1" * 500 + b"}", "n", "digits"),
    (b"[" * 70 + b"]" * 70, "[0]" * 64, "levels"),
    (b"[" * 10_000, "", "levels"),
    (b"[" * 10_000 + b"]" * 10_000, "", "levels"),
    (b'{"a":1', "", "line 1"),
    (b"\xff", "", "UTF-8"),
    (b"NaN", "", "NaN"),
    (b"-Infinity", "", "Infinity"),
    (b"", "", "line 1"),
]


@pytest.mark.parametrize(("raw", "field", "said"), _BAD, ids=range(len(_BAD)))
def test_bad_json_is_named_with_its_path(raw: bytes, field: str, said: str) -> None:
    """Whatever is wrong with a body is a 400 that says where."""
    with pytest.raises(InvalidInput) as caught:
        exact_json.parse(raw)
    problem = caught.value.problems[0]
    assert problem.field == field
    assert said in problem.message


@pytest.mark.parametrize(
    "text", ["2.90", "19.99", "123456789012345678901234567890", "0.1", "1E+5", "-7", "1E-400"]
)
def test_digits_survive(text: str) -> None:
    """A number goes out with the digits it came in with."""
    assert exact_json.encode(exact_json.parse(text.encode())) == text.encode()


@pytest.mark.parametrize("text", ["-0", "-0.0", "-0e5"])
def test_minus_zero_is_zero(text: str) -> None:
    """No negative zero is stored or answered."""
    value = exact_json.parse(text)
    assert value == 0
    assert not exact_json.encode(value).startswith(b"-")


def test_of_duplicate_keys_the_last_wins() -> None:
    """A repeated key has one meaning everywhere."""
    assert exact_json.parse('{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize("value", [Decimal("NaN"), {"a": [Decimal("Infinity")]}])
def test_non_finite_numbers_never_leave(value: object) -> None:
    """An encoder that writes NaN breaks every reader."""
    with pytest.raises(ValueError, match="not finite"):
        exact_json.encode(value)


_numbers = st.integers(-(10**40), 10**40) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20
)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | st.text(st.characters(exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=12,
)


@given(_values)
def test_what_is_written_is_read_back(value: object) -> None:
    """Storage loses nothing: reading what was written gives the same value."""
    assert exact_json.parse(exact_json.encode(value)) == value


@given(st.binary(max_size=60))
def test_no_bytes_escape_the_tree(raw: bytes) -> None:
    """Random bytes are either a value or a named problem, never another exception."""
    problems: tuple[Problem, ...] | None = None
    try:
        exact_json.parse(raw)
    except InvalidInput as error:
        problems = error.problems
    assert problems is None or problems
