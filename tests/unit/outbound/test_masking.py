"""Known secrets disappear from any value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.exact_json import JsonValue, encode_text
from justpaid.outbound.masking import MASK, NOTHING_TO_MASK, Masker

_SECRET = 'sk/live "ü"+123'

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"before {_SECRET} after",
        encode_text({"key": _SECRET}),
        encode_text({"key": _SECRET}).replace("/", "\\/"),
        "?key=sk%2Flive%20%22%C3%BC%22%2B123",
        "key=sk%2Flive+%22%C3%BC%22%2B123",
    ],
)
def test_a_secret_is_masked_in_every_common_spelling(text: str) -> None:
    """An echo in JSON, in a form or in a query shows no secret."""
    masked = Masker([_SECRET]).mask_text(text)
    assert MASK in masked
    assert "live" not in masked


def test_a_longer_secret_leaves_no_rest() -> None:
    """A secret that contains another is masked as a whole."""
    assert Masker(["password", "password-2026"]).mask_text("password-2026") == MASK


def test_keys_and_numbers_are_masked_and_other_values_keep_their_digits() -> None:
    """A secret made of digits is found in a number too, and nothing else is touched."""
    value: JsonValue = {"12345678": [12345678, Decimal("2.90"), True, None], "n": 1234567}
    assert Masker(["12345678"]).mask(value) == {
        MASK: [MASK, Decimal("2.90"), True, None],
        "n": 1234567,
    }


def test_short_values_are_left() -> None:
    """A secret of seven characters would tear up ordinary text."""
    assert Masker(["secret7"]).mask("a secret7 here") == "a secret7 here"
    assert NOTHING_TO_MASK.mask("anything") == "anything"


@given(_json, st.text(min_size=8, max_size=12, alphabet="abcXYZ123/+"))
def test_no_masked_value_holds_the_secret(value: JsonValue, secret: str) -> None:
    """Wherever it stands in a JSON value, a known secret is gone afterwards."""
    planted: JsonValue = {"a": [value, {"deep": f"x{secret}y", secret: value}], secret: 1}
    masked = encode_text(Masker([secret]).mask(planted))
    assert secret not in masked


def test_a_masker_shows_no_secret() -> None:
    """A masker that ends up in a log line tells nothing."""
    assert "sk-very" not in repr(Masker(["sk-very-secret"]))
