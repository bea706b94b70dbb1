"""How a URL is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.outbound.urls import InvalidUrl, Origin, parse_origin, parse_url


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("https://api.example.com", "https://api.example.com/"),
        ("HTTPS://API.Example.com:443/a?b=c#d", "https://api.example.com/a?b=c"),
        ("http://example.com:8080/a b/ü", "http://example.com:8080/a%20b/%C3%BC"),
        ("https://example.com/a%2Fb?x=%zz", "https://example.com/a%2Fb?x=%25zz"),
        ("https://example.com./x", "https://example.com/x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[2606:4700:0::1111]:81/", "http://[2606:4700::1111]:81/"),
        ("https://example.com?q=1", "https://example.com/?q=1"),
        ("https://example.com/a..b/...", "https://example.com/a..b/..."),
    ],
)
def test_a_url_becomes_what_goes_on_the_wire(text: str, wire: str) -> None:
    """Ordinary URLs arrive as they were meant, and encoded parts stay encoded."""
    assert parse_url(text).text == wire


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript://example.com/",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://good.example\\@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:8x/",
        "https://example.com/a\r\nHost: evil",
        "https://example.com/a\tb",
        "https://example.com/\0",
        "https://exa mple.com/",
        "https://example.com%00.evil/",
        "https://example..com/",
        "https://-example.com/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1.5/",
        "https://example.com.127/",
        "https://[::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://[::1/",
        "https://::1/",
        "https://example.com/a/../b",
        "https://example.com/a/%2e%2E/b",
        "https://example.com/a/.",
        "https://example.com/\ud800",
        "https://example.com/" + "a" * 9000,
    ],
)
def test_a_doubtful_url_is_refused(text: str) -> None:
    """No spelling reaches a place that another reader of the URL would not see."""
    with pytest.raises(InvalidUrl):
        parse_url(text)


def test_full_width_digits_are_read_as_the_address_they_mean() -> None:
    """A name that folds to an address is checked as that address."""
    assert parse_url("http://１２７.0.0.1/").origin.host == "127.0.0.1"  # noqa: RUF001


def test_an_origin_is_no_more_than_scheme_host_and_port() -> None:
    """What a credential is bound to cannot carry a path that looks like a restriction."""
    assert parse_origin("https://api.example.com") == Origin("https", "api.example.com", 443)
    assert parse_origin("http://[::1]:8080/").text == "http://[::1]:8080"
    for text in ("https://a.example/x", "https://a.example/?", "https://a.example#", "a.example"):
        with pytest.raises(InvalidUrl):
            parse_origin(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_reaches_the_wire_raw(text: str) -> None:
    """Whatever is put into a URL, the wire sees printable ASCII and the origin stays."""
    try:
        target = parse_url(f"https://api.example.com/{text}")
    except InvalidUrl:
        return
    assert target.origin == Origin("https", "api.example.com", 443)
    assert target.path.isascii()
    assert all(" " < character < "\x7f" for character in target.path)
    assert parse_url(target.text) == target
