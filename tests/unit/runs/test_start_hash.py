"""What an idempotencyKey stands for: inputs that are equal by value, and no others."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid import exact_json, ids
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.runs.model import hash_start

SECRET = b"s" * 32
NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40), st.decimals(-(10**9), 10**9, allow_nan=False, places=4)
)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": Decimal("2.90")}, {"a": Decimal("2.9")}),
        ({"a": Decimal("1e3")}, {"a": 1000}),
        ({"a": 10**300}, {"a": Decimal("1e300")}),
        ({"a": Decimal("0.00")}, {"a": 0}),
    ],
)
def test_equal_inputs_hash_alike(one: JsonObject, other: JsonObject) -> None:
    """Order of keys and spelling of numbers do not make another request."""
    assert hash_start(SECRET, one, None) == hash_start(SECRET, other, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": 0}, {"a": False}),
        ({"a": None}, {}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": 1}, {"a": ["number", "1e0"]}),
        ({"a": "x"}, {"a": ["text", "x"]}),
        ({"a": 100}, {"a": 10}),
        ({"a": -1}, {"a": 1}),
        ({"a": 10**40}, {"a": 10**40 + 1}),
    ],
)
def test_other_inputs_hash_otherwise(one: JsonObject, other: JsonObject) -> None:
    """Another value, type or order of items is another request."""
    assert hash_start(SECRET, one, None) != hash_start(SECRET, other, None)


def test_connection_and_secret_count() -> None:
    """The same input over another connection is another request; the hash cannot be guessed."""
    first, second = ids.new_id(), ids.new_id()
    hashes = {hash_start(SECRET, {}, None), hash_start(SECRET, {}, first)}
    hashes |= {hash_start(SECRET, {}, second), hash_start(b"t" * 32, {}, None)}
    assert len(hashes) == 4


@given(VALUES)
def test_what_is_stored_hashes_as_what_was_sent(value: JsonValue) -> None:
    """An input hashes the same after a round through storage."""
    again = exact_json.parse(exact_json.encode(value))
    assert hash_start(SECRET, value, None) == hash_start(SECRET, again, None)
