"""Codes of the second factor: which are right, and that each counts once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pyotp.totp import TOTP

from justpaid.db.encryption import KeyRing
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.errors import Unavailable
from justpaid.members import totp
from justpaid.members.model import Person
from justpaid.members.totp_secrets import TotpSecrets

NOW = datetime(2026, 11, 24, 9, 30, 10, tzinfo=UTC)
SECRET = totp.new_secret()
STEP = int(NOW.timestamp()) // 30


def _code(at: datetime) -> str:
    return TOTP(SECRET).at(at)


def test_the_published_vector() -> None:
    """Codes are those of RFC 6238, so that any authenticator fits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at = datetime.fromtimestamp(1111111109, UTC)
    assert totp.find_step(secret, "081804", at, after=0) == 1111111109 // 30


@pytest.mark.parametrize(("seconds", "step"), [(0, STEP), (-30, STEP - 1), (30, STEP + 1)])
def test_a_clock_may_drift_one_step(seconds: int, step: int) -> None:
    """A phone whose clock is half a minute off still signs in."""
    code = _code(NOW + timedelta(seconds=seconds))
    assert totp.find_step(SECRET, code, NOW, after=0) == step


@pytest.mark.parametrize("seconds", [-60, 60, 3600])
def test_an_old_code_is_wrong(seconds: int) -> None:
    """A code noted earlier is worth nothing."""
    assert totp.find_step(SECRET, _code(NOW + timedelta(seconds=seconds)), NOW, after=0) is None


def test_a_used_code_is_wrong() -> None:
    """A code, and any older one, is refused once a newer step was used."""
    assert totp.find_step(SECRET, _code(NOW), NOW, after=STEP) is None
    earlier = _code(NOW - timedelta(seconds=30))
    assert totp.find_step(SECRET, earlier, NOW, after=STEP) is None
    assert totp.find_step(SECRET, earlier, NOW, after=STEP - 2) == STEP - 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "12 34"])
def test_what_is_no_code(code: str) -> None:
    """Anything but six digits is simply wrong."""
    assert totp.find_step(SECRET, code, NOW, after=0) is None


def test_recovery_codes() -> None:
    """Recovery codes are long, different, the person's own, and forgive how they are typed."""
    ann, ben = UUID(int=1), UUID(int=2)
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    code = codes[0]
    stored = totp.hash_recovery_code(ann, code)
    assert totp.hash_recovery_code(ann, f" {code.replace('-', ' ').upper()} ") == stored
    assert totp.hash_recovery_code(ben, code) != stored
    assert code.encode() not in stored


def test_a_secret_opens_for_its_person_alone() -> None:
    """A sealed secret copied to another person's row does not open."""
    ring = SecretRing("master_key", VersionedSecret(1, b"m" * 32))
    secrets = TotpSecrets(KeyRing(ring))
    ann = Person(UUID(int=1), "a@x.test", "Ann", "", None, None, 0, ())
    sealed = secrets.seal(ann, SECRET)
    assert SECRET.encode() not in sealed
    own = Person(UUID(int=1), "a@x.test", "Ann", "", sealed, None, 0, ())
    assert secrets.unseal(own) == SECRET
    other = Person(UUID(int=2), "b@x.test", "Ben", "", sealed, None, 0, ())
    with pytest.raises(Unavailable):
        secrets.unseal(other)
