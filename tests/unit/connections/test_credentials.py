"""Credentials as they come in: checked, hinted at, and turned into a header."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.connections.credentials import (
    hints_of,
    infer_auth_type,
    make_credential,
    read_credentials,
)
from justpaid.connections.model import AuthType
from justpaid.errors import Problem
from justpaid.exact_json import JsonValue
from justpaid.outbound.headers import header_problem
from justpaid.outbound.urls import parse_origin

_ORIGINS = frozenset({parse_origin("https://api.example.com")})


@pytest.mark.parametrize(
    ("auth_type", "given_fields", "header"),
    [
        (AuthType.BEARER, {"token": "tok-123456789"}, ("Authorization", "Bearer tok-123456789")),
        (
            AuthType.BASIC,
            {"username": "ü", "password": "p:w d"},
            ("Authorization", "Basic " + base64.b64encode("ü:p:w d".encode()).decode()),
        ),
        (AuthType.API_KEY, {"header": "X-Api-Key", "key": "k-1"}, ("X-Api-Key", "k-1")),
    ],
)
def test_a_credential_becomes_its_header(
    auth_type: AuthType, given_fields: dict[str, JsonValue], header: tuple[str, str]
) -> None:
    """A provider is told who we are in the form that the connection says."""
    problems: list[Problem] = []
    assert infer_auth_type(given_fields) is auth_type
    secrets = read_credentials(auth_type, given_fields, problems)
    assert problems == []
    credential = make_credential(auth_type, secrets, _ORIGINS)
    assert credential is not None
    assert (credential.header_name, credential.header_value) == header
    assert credential.origins == _ORIGINS


def test_a_connection_may_carry_nothing() -> None:
    """An open API is a connection too, and adds no header."""
    assert infer_auth_type({}) is AuthType.NONE
    assert make_credential(AuthType.NONE, {}, _ORIGINS) is None
    assert hints_of(AuthType.NONE, {}) == {}


@pytest.mark.parametrize(
    ("auth_type", "given_fields", "fields"),
    [
        (AuthType.BEARER, {}, ["credentials.token"]),
        (AuthType.BEARER, {"token": 5}, ["credentials.token"]),
        (AuthType.BEARER, {"token": ""}, ["credentials.token"]),
        (AuthType.BEARER, {"token": "x\r\nX-Evil: 1"}, ["credentials.token"]),
        (AuthType.BEARER, {"token": "pasted-with-a-newline\n"}, ["credentials.token"]),
        (AuthType.BEARER, {"token": "x" * 5000}, ["credentials.token"]),
        (AuthType.BEARER, {"token": "x", "extra": 1}, ["credentials.extra"]),
        (AuthType.BASIC, {"username": "a:b", "password": "x"}, ["credentials.username"]),
        (AuthType.BASIC, {}, ["credentials.username", "credentials.password"]),
        (AuthType.API_KEY, {"header": "Host", "key": "x"}, ["credentials.header"]),
        (AuthType.API_KEY, {"header": "X: Y", "key": "x"}, ["credentials.header"]),
        (AuthType.NONE, {"token": "x"}, ["credentials.token"]),
    ],
)
def test_a_bad_credential_is_refused_with_its_path(
    auth_type: AuthType, given_fields: dict[str, JsonValue], fields: list[str]
) -> None:
    """A mistake is named when it is made, not when a workflow fails at night."""
    problems: list[Problem] = []
    read_credentials(auth_type, given_fields, problems)
    assert [problem.field for problem in problems] == fields


@given(st.text(min_size=1, max_size=60))
def test_no_accepted_token_breaks_a_header_and_no_message_repeats_one(token: str) -> None:
    """Whatever is sent in as a token, it is one clean header value or an error that is silent."""
    problems: list[Problem] = []
    secrets = read_credentials(AuthType.BEARER, {"token": token}, problems)
    if problems:
        assert len(token) < 4 or all(token not in problem.message for problem in problems)
        return
    credential = make_credential(AuthType.BEARER, secrets, _ORIGINS)
    assert credential is not None
    assert header_problem(credential.header_name, credential.header_value) is None


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_hint_shows_four_characters_at_most(secret: str) -> None:
    """Who may see a connection can tell two keys apart and use neither."""
    hint = hints_of(AuthType.BEARER, {"token": secret})["token"]
    assert isinstance(hint, str)
    shown = hint.removeprefix("…")
    assert len(shown) <= 4
    assert secret.endswith(shown)
    assert not shown or len(secret) >= 12


def test_secrets_to_mask_cover_what_goes_on_the_wire() -> None:
    """An echo of the header, encoded or not, is masked; user and header names are not secrets."""
    secrets = {"username": "user-name", "password": "long-password"}
    credential = make_credential(AuthType.BASIC, secrets, _ORIGINS)
    assert credential is not None
    encoded = base64.b64encode(b"user-name:long-password").decode()
    assert {"long-password", encoded} <= set(credential.secrets)
    assert "user-name" not in credential.secrets
    assert "long-password" not in repr(credential)
