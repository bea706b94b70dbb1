"""Reads how long an answer asks us to wait before the next try (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER_SECONDS: Final = 3600
_ENOUGH_DIGITS: Final = 5


def retry_after_seconds(value: str | None, now: datetime) -> int | None:
    """Read a Retry-After value, seconds or an HTTP date; at most an hour, None if unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # More digits than the limit has are beyond it, however many they are.
        digits = text.lstrip("0") or "0"
        return min(int(digits[:_ENOUGH_DIGITS]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return int(min(max(seconds, 0), MAX_RETRY_AFTER_SECONDS))
