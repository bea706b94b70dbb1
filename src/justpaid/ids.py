"""Type-prefixed, time-ordered ids: TypeID (spec 0.3) over UUIDv7 (RFC 9562).

Inside the service an id is a `uuid.UUID`; on the wire it is `<prefix>_<26 base32 characters>`.
"""

import secrets
import time
from enum import StrEnum
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_PAIR_SHIFTS = range(120, -1, -10)  # two characters at once: answers are full of ids
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 26
_MAX_FIRST = 7  # 26 characters hold 130 bits; a UUID has 128, so the first is 0 to 7


class Prefix(StrEnum):
    """What an id names."""

    AGENT = "agent"
    APPROVAL = "apr"
    AUDIT = "aud"
    COMPANY = "cmp"
    CONNECTION = "conn"
    EFFECT = "eff"
    EVENT = "evt"
    FLAG = "flag"
    INVITE = "inv"
    KEY = "key"
    LEAK = "leak"
    MEMBER = "mem"
    NOTICE = "ntc"
    ROW = "row"
    RUN = "run"
    SESSION = "ses"
    TABLE = "tbl"
    WEBHOOK_ENDPOINT = "whe"
    WORKFLOW = "wf"


def new_id() -> UUID:
    """Make a UUIDv7 whose order follows its making to about a quarter of a microsecond.

    The 12 bits after the version carry the fraction of the millisecond (RFC 9562, 6.2, method 3).
    """
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | fraction << 64
        | 0b10 << 62
        | secrets.randbits(62)
    )
    return UUID(int=value)


def encode_id(prefix: Prefix, value: UUID) -> str:
    """Write an id as it stands on the wire."""
    number = value.int
    suffix = "".join([_PAIRS[number >> shift & 1023] for shift in _PAIR_SHIFTS])
    return f"{prefix}_{suffix}"


def decode_id(prefix: Prefix, text: str) -> UUID | None:
    """Read an id from the wire; None when it is not a well-formed id of this type."""
    head, _, suffix = text.rpartition("_")
    if head != prefix or len(suffix) != _LENGTH or _VALUES.get(suffix[0], 32) > _MAX_FIRST:
        return None
    number = 0
    for character in suffix:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 32 + value
    return UUID(int=number)
