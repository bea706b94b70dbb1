"""Properties of the key's form that hold for every key."""

import hmac
import string

from hypothesis import given
from hypothesis import strategies as st

from justpaid.api_keys.key_format import Pepper, Peppers, find_keys, generate_key, is_well_formed

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
keys = st.builds(generate_key)


@given(keys, st.integers(4, 52), st.sampled_from(BASE62))
def test_one_wrong_character_is_always_seen(key: str, position: int, character: str) -> None:
    """A CRC-32 sees every single wrong character, so a mistyped key never costs a lookup."""
    changed = key[:position] + character + key[position + 1 :]
    assert is_well_formed(changed) == (changed == key)


@given(keys, st.integers(4, 51))
def test_two_swapped_characters_are_always_seen(key: str, position: int) -> None:
    """Swapping neighbours, the commonest slip after a wrong letter, is seen as well."""
    head, pair, tail = key[:position], key[position : position + 2], key[position + 2 :]
    changed = head + pair[::-1] + tail
    assert is_well_formed(changed) == (changed == key)


@given(st.text(), st.lists(keys, max_size=3), st.text(alphabet=" \n\"',;&=_ü"))
def test_every_key_in_a_text_is_found(noise: str, planted: list[str], glue: str) -> None:
    """No text around a key hides it from the scan."""
    text = noise + "".join(f"{glue or ' '}{key}{glue or ' '}" for key in planted)
    assert [key for key in find_keys(text) if key in planted] == planted


@given(keys, st.binary(min_size=32, max_size=200))
def test_a_key_is_stored_as_its_hmac(key: str, secret: bytes) -> None:
    """The stored digest is HMAC-SHA-256 under the pepper, which any other tool can recompute."""
    assert Peppers(Pepper(1, secret)).digest(key) == hmac.digest(secret, key.encode(), "sha256")
