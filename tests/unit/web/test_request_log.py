"""A request's ids on its log lines."""

import contextvars
import io
import json
import logging

import structlog

from justpaid.logging import forget_context, get_logger, log_as_request, set_up_logging
from justpaid.settings import Settings


def test_lines_of_a_request_carry_its_ids() -> None:
    """Whoever reads a line finds the request and the company it was about, and no other's."""
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers, root.level)
    set_up_logging(Settings(env="production"), process="api", stream=stream)
    log = get_logger("justpaid.test")

    def serve() -> None:
        log_as_request("req_1", "cmp_1")
        log.info("within")
        log.info("named", request_id="req_2")
        forget_context()
        log.info("forgotten")

    try:
        contextvars.copy_context().run(serve)
        log.info("after")
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line.get("request_id"), line.get("company_id")) for line in lines] == [
        ("req_1", "cmp_1"),
        ("req_2", "cmp_1"),
        (None, None),
        (None, None),
    ]
