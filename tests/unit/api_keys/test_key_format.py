"""The form of an API key, against the published vectors."""

import re

import pytest

from justpaid.api_keys.key_format import (
    KEY_LENGTH,
    Pepper,
    Peppers,
    find_keys,
    find_keys_in,
    generate_key,
    hint_of,
    is_well_formed,
    redact,
)
from justpaid.exact_json import JsonObject

VECTORS = [
    "wfk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0tewKi",
    "wfk_QaG80Zus2bqDzvaTAqttnjdW2OCM6DahvRbCV6ygOIW0h3GVY",
]
NEW = Pepper(2, b"n" * 32)
OLD = Pepper(1, b"o" * 32)


@pytest.mark.parametrize("vector", VECTORS)
def test_the_published_vectors_are_keys(vector: str) -> None:
    """A key that another implementation made by the published rule is accepted here."""
    assert is_well_formed(vector)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wfk_",
        VECTORS[0][:-1],
        VECTORS[0] + "0",
        VECTORS[0].replace("wfk_", "WFK_"),
        VECTORS[0][:-1] + "j",
        VECTORS[0][:4] + "1" + VECTORS[0][5:],
        VECTORS[0].replace("A", "-"),
        VECTORS[0] + "\n",
        " " + VECTORS[0],
        VECTORS[0].replace("0123", "٠123"),  # noqa: RUF001  an Arabic digit is not a digit here
    ],
)
def test_a_mistyped_key_is_told_without_a_server(text: str) -> None:
    """A wrong length, letter or checksum is refused before anything is looked up."""
    assert not is_well_formed(text)


def test_a_new_key_has_the_published_form() -> None:
    """Every key given out matches the pattern that scanners and clients rely on."""
    key = generate_key()
    assert re.fullmatch(r"wfk_[0-9A-Za-z]{49}", key)
    assert len(key) == KEY_LENGTH
    assert is_well_formed(key)


def test_keys_are_found_anywhere_in_a_text() -> None:
    """A leak scan names every real key in a text and nothing that only looks like one."""
    fake = "wfk_" + "A" * 49
    text = f"a={VECTORS[0]}; b={fake} (https://host/?x={VECTORS[1]}&y=1)"
    assert find_keys(text) == VECTORS


def test_keys_in_json_are_named_by_path() -> None:
    """A key hidden in a definition is found in values, lists and names, each with its path."""
    value: JsonObject = {
        "steps": [{"config": {"headers": {"x-api-key": VECTORS[0]}}}],
        VECTORS[1]: 1,
    }
    found = find_keys_in(value)
    assert found[0] == ("steps[0].config.headers.x-api-key", VECTORS[0])
    assert found[1][1] == VECTORS[1]
    assert VECTORS[1] not in found[1][0]


def test_a_key_is_redacted_wherever_it_stands() -> None:
    """What goes to a log shows a key's hint, never the key."""
    line = redact(f"GET /api?key={VECTORS[0]} 401")
    assert VECTORS[0] not in line
    assert hint_of(VECTORS[0]) in line
    assert hint_of(VECTORS[0]) == "wfk_0123…ewKi"


def test_a_changed_pepper_still_finds_older_keys() -> None:
    """After the pepper was replaced, keys hashed under the old one go on working."""
    before = Peppers(OLD).digest(VECTORS[0])
    after = Peppers(NEW, [OLD])
    assert before in after.digests(VECTORS[0])
    assert after.digest(VECTORS[0]) == after.digests(VECTORS[0])[0] != before


def test_a_short_pepper_is_refused() -> None:
    """A pepper that could be guessed would make stolen hashes useful."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Pepper(1, b"short")


def test_a_pepper_is_not_printed() -> None:
    """A pepper in a traceback or log line would be a leaked secret."""
    assert "nnn" not in repr(NEW)
