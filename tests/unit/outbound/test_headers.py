"""Header fields, and the wait that an answer asks for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.outbound.headers import header_problem, read_headers
from justpaid.outbound.retry_after import retry_after_seconds

_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "Connection", "TE", "Upgrade", "Expect", ""],
)
def test_headers_that_frame_the_message_cannot_be_set(name: str) -> None:
    """No workflow can change where a message goes or where it ends."""
    assert header_problem(name, "x") is not None


@pytest.mark.parametrize("name", ["X Y", "X:Y", "X\r\nY", "Ä", "X\0"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    """A header name cannot smuggle a second header."""
    assert header_problem(name, "x") is not None


@given(st.text(), st.sampled_from("\r\n\0\x0b\x1f\x7f"), st.text())
def test_a_value_with_a_control_character_is_refused(head: str, bad: str, tail: str) -> None:
    """Text from a template cannot end its header."""
    assert header_problem("X-Text", head + bad + tail) is not None


def test_an_ordinary_header_passes() -> None:
    """The checks leave honest headers alone."""
    assert header_problem("X-Note", "café\tau lait, 5 €") is None


def test_answer_headers_are_clean_text() -> None:
    """Bytes that are not UTF-8 do not become half characters that storage refuses."""
    read = read_headers([(b"X-A", b"caf\xe9"), (b"X-B", "é".encode())])
    assert read == (("x-a", "café"), ("x-b", "é"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("999999", 3600),
        ("9" * 40, 3600),
        ("0" * 40 + "7", 7),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2027 12:00:00 GMT", 3600),
        ("Sun, 01 Mar 99999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: int | None) -> None:
    """A provider's wait is honoured, bounded by an hour, and nonsense is no wait at all."""
    assert retry_after_seconds(value, _NOW) == seconds
