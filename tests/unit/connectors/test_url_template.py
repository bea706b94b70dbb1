"""Text from templates stays in its place in a URL."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.connectors.model import TemplatePieces
from justpaid.connectors.url_template import check_url_template, literal_origin, url_encoder
from justpaid.outbound.urls import InvalidUrl, Origin, parse_url

_API = Origin("https", "api.example.com", 443)


def _fill(pieces: TemplatePieces, *texts: str) -> str:
    encode, waiting = url_encoder(pieces), iter(texts)
    return "".join(encode(next(waiting)) if piece is None else piece for piece in pieces)


@given(st.text(max_size=40))
def test_a_filled_segment_stays_one_segment(text: str) -> None:
    """No text from a run's input reaches another path, host or query of the API."""
    url = _fill(["https://api.example.com/customers/", None, "/invoices"], text)
    try:
        target = parse_url(url)
    except InvalidUrl:
        assert text in {".", ".."}
        return
    assert target.origin == _API
    segments = target.path.split("/")
    assert [segments[1], segments[3]] == ["customers", "invoices"]
    assert len(segments) == 4
    assert "?" not in target.path
    if text.isascii():
        assert unquote(segments[2]) == text


@given(st.text(max_size=40))
def test_a_filled_query_value_stays_one_value(text: str) -> None:
    """A value cannot add a parameter or end the query."""
    target = parse_url(_fill(["https://api.example.com/?id=", None, "&x=1"], text))
    assert target.origin == _API
    assert target.path.count("&") == 1
    assert target.path.endswith("&x=1")


def test_dot_segments_are_refused() -> None:
    """A filled segment cannot climb to the parent path."""
    for text in (".", ".."):
        with pytest.raises(InvalidUrl):
            parse_url(_fill(["https://api.example.com/a/", None, "/b"], text))


def test_a_template_at_the_start_may_bring_the_origin_and_only_that_one() -> None:
    """A base address from a variable works, and what follows it is encoded."""
    filled = _fill([None, "/x/", None], "http://127.0.0.1:8080", "a/b")
    assert filled == "http://127.0.0.1:8080/x/a%2Fb"


@pytest.mark.parametrize(
    ("pieces", "origin"),
    [
        (["https://api.example.com/a"], _API),
        (["https://api.example.com"], _API),
        (["https://api.example.com/a/", None], _API),
        (["https://api.example.com?x=", None], _API),
        (["HTTPS://API.example.com:443/", None], _API),
        (["https://api.example.com", None], None),
        (["https://api.example.com:", None, "/"], None),
        (["https://", None, "/x"], None),
        (["https://", None, ".example.com/x"], None),
        ([None, "https://api.example.com/"], None),
        ([None], None),
        ([], None),
    ],
)
def test_an_origin_is_literal_only_when_no_text_can_change_it(
    pieces: list[str | None], origin: Origin | None
) -> None:
    """`https://api.example.com{{x}}` could become another host, and counts as such."""
    assert literal_origin(pieces) == origin


@pytest.mark.parametrize(
    ("pieces", "uses_connection", "is_good"),
    [
        (["https://api.example.com/a/", None], True, True),
        ([None, "/a"], False, True),
        ([None, "/a"], True, False),
        (["https://", None, "/a"], True, False),
        (["https://", None, ".example.com/a"], False, True),
        (["https://api.example.com", None], True, False),
        (["api.example.com/a"], False, False),
        (["api.example.com/", None], False, False),
        (["ftp://example.com/"], False, False),
        (["https://user:pw@example.com/", None], False, False),
        (["https://0x7f.1/"], False, False),
        (["https://api.example.com/../", None], False, False),
    ],
)
def test_a_url_as_written_is_judged(
    pieces: list[str | None], *, uses_connection: bool, is_good: bool
) -> None:
    """A workflow that could aim a connection elsewhere is refused when it is saved."""
    problems = check_url_template(pieces, "config.url", uses_connection=uses_connection)
    assert not problems if is_good else [problem.field for problem in problems] == ["config.url"]
