"""The id of a request: the caller's own when it is usable, else one of ours."""

import itertools
import re
import secrets
from typing import Final

HEADER: Final = b"x-request-id"

# Ids stand in logs, errors and the audit log, so none may be an API key.
_SAFE: Final = re.compile(rb"(?!.*wfk_)[0-9A-Za-z._:/+=@,~-]{1,128}")
# Unique without asking the system for randomness on each request: a start's own prefix and a count.
_prefix: Final = secrets.token_hex(6)
_numbers: Final = itertools.count(1)


def choose_request_id(given: bytes | None) -> str:
    """Keep a caller's id of 1 to 128 safe characters, else make one."""
    if given is not None and _SAFE.fullmatch(given):
        return given.decode("ascii")
    return f"req_{_prefix}{next(_numbers):08x}"
