"""Log lines: JSON in production, with the ids of what they are about, and no secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from justpaid.api_keys.key_format import generate_key
from justpaid.logging import get_logger, log_context, redact, set_up_logging
from justpaid.settings import Settings


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Log to memory, and give the process its own logging back afterwards."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    memory = io.StringIO()
    yield memory
    root.handlers, root.level = before
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(stream: io.StringIO) -> None:
    """Ours and a library's line alike carry moment, level, process and the present ids."""
    set_up_logging(Settings(env="production"), process="api", stream=stream)
    with log_context(request_id="req_1", company_id="cmp_1"):
        get_logger("justpaid.test").info("run ended", run_id="run_1")
        logging.getLogger("library").warning("two\nlines")
    get_logger("justpaid.test").info("later")
    ours, theirs, later = _lines(stream)
    for line in (ours, theirs):
        assert {"timestamp", "level", "event"} <= line.keys()
        assert (line["process"], line["request_id"], line["company_id"]) == (
            "api",
            "req_1",
            "cmp_1",
        )
    assert (ours["run_id"], theirs["event"]) == ("run_1", "two\nlines")
    assert "request_id" not in later


def test_no_secret_is_written(stream: io.StringIO) -> None:
    """Keys, query strings and passwords are blanked wherever they stand, in tracebacks too."""
    set_up_logging(Settings(env="production"), process="api", stream=stream)
    key = generate_key()
    log = get_logger("justpaid.test")
    log.warning("refused", header=key, url="https://a.test/x?token=abc&b=1")
    logging.getLogger("library").warning("connecting to postgresql://me:hush@db/x with %s", key)
    try:
        int(key)  # the error repeats it
    except ValueError:
        log.exception("failed")
    written = stream.getvalue()
    assert not [secret for secret in (key, "abc", "hush") if secret in written]
    assert "me:…@db" in json.loads(written.splitlines()[1])["event"]


def test_the_level_holds(stream: io.StringIO) -> None:
    """What lies below the level is not written."""
    set_up_logging(Settings(log_level="warning"), process="api", stream=stream)
    get_logger("justpaid.test").info("quiet")
    get_logger("justpaid.test").warning("heard")
    assert [line["event"] for line in _lines(stream)] == ["heard"]


@pytest.mark.parametrize("text", ["Why? Because.", "a?b", "https://a.test/path", "wfk_short"])
def test_plain_words_stay(text: str) -> None:
    """Redaction leaves ordinary text as it is."""
    assert redact(text) == text
