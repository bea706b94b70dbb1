"""What the service says on stderr: JSON lines in production, readable lines in a terminal.

Guarantee: no line holds a secret, a query string or a body; whatever looks like an API key is
replaced before it is written, whoever logged it.
"""

import logging
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TextIO

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.types import EventDict, Processor, WrappedLogger

from justpaid.settings import Settings

_KEY: Final = re.compile(r"wfk_[0-9A-Za-z]{8,}")
_QUERY: Final = re.compile(r"(?<=[\w/])\?[^\s\"'#]+=[^\s\"'#]*")
_PASSWORD: Final = re.compile(r"(?<=://)([^\s:/@]*):[^\s/@]+@")
_CONTEXT: Final = ("request_id", "company_id", "run_id")
# One variable for both: a set in a request's fresh context costs as much as the rest of a line.
_request: ContextVar[tuple[str | None, str | None]] = ContextVar("request", default=(None, None))


def set_up_logging(settings: Settings, *, process: str, stream: TextIO = sys.stderr) -> None:
    """Send our own lines and those of libraries to `stream` in the one format of the settings."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _merge_request,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _name_process(process),
        _redact,
    ]
    is_json = settings.log_format == "json" or (
        settings.log_format == "auto" and (settings.is_production or not stream.isatty())
    )
    last: Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("asyncio", "alembic", "granian.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; call it with an event and fields: `log.info("run ended", status=…)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def log_context(
    *, request_id: str | None = None, company_id: str | None = None, run_id: str | None = None
) -> Generator[None]:
    """Put ids on every line logged inside, also by tasks started there."""
    given = zip(_CONTEXT, (request_id, company_id, run_id), strict=True)
    with bound_contextvars(**{name: value for name, value in given if value is not None}):
        yield


def add_to_context(**ids: str) -> None:
    """Put ids that became known later on every line from here on in the present context."""
    bind_contextvars(**ids)


def log_as_request(request_id: str, company_id: str | None = None) -> None:
    """Put a request's ids on every line of the present context; cheap enough for every request."""
    _request.set((request_id, company_id))


def forget_context() -> None:
    """Take every id off; where a task is used again for other work."""
    clear_contextvars()
    _request.set((None, None))


def redact(text: str) -> str:
    """Blank API keys, query strings and passwords of addresses in a text."""
    text = _KEY.sub("wfk_…", text)
    text = _PASSWORD.sub(r"\1:…@", text)
    return _QUERY.sub("?…", text)


def _merge_request(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in zip(_CONTEXT, _request.get(), strict=False):
        if value is not None:
            event.setdefault(name, value)
    return event


def _name_process(process: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return add


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redact(value)
    return event
