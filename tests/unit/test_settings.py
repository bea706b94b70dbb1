"""Settings: strict, named in the documentation, and silent about values."""

import re
from pathlib import Path

import pytest

from justpaid.settings import (
    Settings,
    SettingsError,
    is_loopback,
    load_settings,
    to_environment,
    variable_names,
)

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*variable_names(), "DATABASE_URL", "REDIS_URL"]:
        monkeypatch.delenv(name, raising=False)


def test_the_documentation_names_every_setting() -> None:
    """The page for operators lists exactly the settings there are, each with its default."""
    row = re.compile(r"^\| `(JUSTPAID_[A-Z_]+)` \| ([^|]*) \|", re.MULTILINE)
    rows = dict(row.findall(OPERATIONS.read_text()))
    assert list(rows) == variable_names()
    written = {name: default.strip().strip("`") for name, default in rows.items()}
    for name, default in written.items():
        value = to_environment(Settings())[name]
        relative = value.removeprefix(f"{Path.cwd()}/")
        assert (default or "") == relative, name


def test_a_misspelt_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown variable with our prefix is an error that suggests the near one."""
    monkeypatch.setenv("JUSTPAID_PUBLIC_URI", "https://a.test")
    with pytest.raises(SettingsError, match="did you mean JUSTPAID_PUBLIC_URL"):
        load_settings()


def test_a_strange_setting_is_not_taken_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name like none of ours gets no suggestion, only the way to the list."""
    monkeypatch.setenv("JUSTPAID_FOO", "1")
    with pytest.raises(SettingsError, match="JUSTPAID_FOO is not a setting: docs"):
        load_settings()


def test_every_problem_is_named_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """All wrong settings are named at once, and none of their values is repeated."""
    for name, value in {
        "JUSTPAID_PORT": "s3cret-port",
        "JUSTPAID_TRUSTED_PROXIES": "s3cret-net",
        "JUSTPAID_PUBLIC_URL": "ftp://s3cret",
        "JUSTPAID_METRICS_BIND": "s3cret-bind",
        "JUSTPAID_ENV": "s3cret-env",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    text = str(caught.value)
    for name in ("PORT", "TRUSTED_PROXIES", "PUBLIC_URL", "METRICS_BIND", "ENV"):
        assert f"JUSTPAID_{name}:" in text
    assert "s3cret" not in text


def test_a_callers_key_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that callers put their key into does not stop a service on the same machine."""
    monkeypatch.setenv("JUSTPAID_API_KEY", "wfk_whatever")
    assert load_settings().port == 8080


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_platform_names_are_accepted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The two addresses are read with and without the prefix; the prefixed one wins."""
    monkeypatch.setenv(name, "scheme://plain")
    assert getattr(load_settings(), name.lower()) == "scheme://plain"
    monkeypatch.setenv(f"JUSTPAID_{name}", "scheme://prefixed")
    assert getattr(load_settings(), name.lower()) == "scheme://prefixed"


def test_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value from the command line beats the environment; an absent one does not."""
    monkeypatch.setenv("JUSTPAID_PORT", "9000")
    assert load_settings({"port": 9001}).port == 9001
    assert load_settings({"port": None}).port == 9000


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable means the default, as container files often leave them."""
    monkeypatch.setenv("JUSTPAID_PORT", "")
    assert load_settings().port == 8080


def test_settings_survive_the_way_to_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the supervisor hands to its processes reads back as the same settings."""
    settings = load_settings(
        {
            "port": 9000,
            "data_dir": Path("/srv/data"),
            "trusted_proxies": "10.0.0.0/8, ::1/128",
            "metrics_bind": "off",
            "public_url": "https://a.test/",
            "database_url": "postgresql://a@/b?host=%2Fc",
            "evidence_retention_days": 400,
        }
    )
    for name, value in to_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(
    ("extra", "is_accepted"),
    [
        ({"host": "127.0.0.1"}, True),
        ({"host": "0.0.0.0"}, False),  # noqa: S104  the point of the test
        ({"host": "0.0.0.0", "public_url": "https://a.test"}, True),  # noqa: S104
        ({"public_url": "http://a.test"}, False),
        ({"public_url": "http://localhost:8080"}, True),
    ],
)
def test_production_is_reached_over_https(extra: dict[str, str], is_accepted: bool) -> None:  # noqa: FBT001
    """Production refuses plain http from anywhere but the machine itself."""
    if is_accepted:
        assert load_settings({"env": "production", **extra}).is_production
    else:
        with pytest.raises(SettingsError, match="JUSTPAID_PUBLIC_URL"):
            load_settings({"env": "production", **extra})


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"host": "::"}, "http://[::1]:8080"),
        ({"host": "0.0.0.0", "port": 90}, "http://127.0.0.1:90"),  # noqa: S104
        ({"public_url": "https://a.test/"}, "https://a.test"),
    ],
)
def test_links_start_with_an_address_that_works(extra: dict[str, object], expected: str) -> None:
    """Without a public address links name one that opens on this machine."""
    assert load_settings(extra).base_url == expected


def test_loopback() -> None:
    """Only names and addresses of the machine itself count as loopback."""
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "10.0.0.1", "localhost.evil.test", ""]))  # noqa: S104
