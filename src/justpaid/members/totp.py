"""The second factor: time-based codes (RFC 6238) and recovery codes. Pure.

Guarantee: a code counts once. A step is accepted only when it is newer than the last one used, and
a recovery code leaves the list when it is used; both are settled by the database.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pyotp import random_base32
from pyotp.totp import TOTP

ISSUER: Final = "JustPaid Workflows"
RECOVERY_CODES: Final = 10

_STEP_SECONDS: Final = 30
_DRIFT_STEPS: Final = (0, -1, 1)  # a clock half a minute off, or a code typed slowly
_CODE_LENGTH: Final = 6
_RECOVERY_BYTES: Final = 10  # 80 bits, so a plain hash cannot be searched
_GROUP: Final = 4


def new_secret() -> str:
    """Make a secret of 160 bits, in base32 as authenticator apps take it."""
    return random_base32()


def enrolment_uri(secret: str, email: str) -> str:
    """Write what the QR code holds."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def find_step(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    """Return the time step whose code this is; None for a wrong code, or one used before."""
    digits = "".join(code.split())
    if len(digits) != _CODE_LENGTH or not (digits.isascii() and digits.isdecimal()):
        return None
    now = int(at.timestamp()) // _STEP_SECONDS
    totp = TOTP(secret)
    for drift in _DRIFT_STEPS:
        step = now + drift
        if step > after and hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Make the codes that sign in once each when the authenticator is lost."""
    return [_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def hash_recovery_code(person_id: UUID, code: str) -> bytes:
    """Compute what is stored of a recovery code, however it was typed."""
    letters = "".join(filter(str.isalnum, code.lower()))
    return hashlib.sha256(b"justpaid-recovery-1:" + person_id.bytes + letters.encode()).digest()


def hash_recovery_codes(person_id: UUID, codes: Sequence[str]) -> list[bytes]:
    """Compute what is stored of all of them."""
    return [hash_recovery_code(person_id, code) for code in codes]


def _grouped(raw: bytes) -> str:
    letters = base64.b32encode(raw).decode().lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
