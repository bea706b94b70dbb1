"""Sealed values open for their own object under their own master key, and for nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.db.encryption import Binding, CannotOpen, KeyRing, version_of
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.ids import new_id

_FIRST = VersionedSecret(1, b"1" * 32)
_SECOND = VersionedSecret(2, b"2" * 32)
_RING = KeyRing(SecretRing("master_key", _FIRST))
_BINDING = Binding("connection", new_id(), new_id())


@given(st.binary(max_size=200))
def test_a_sealed_value_opens_again_and_shows_nothing(value: bytes) -> None:
    """A credential comes back whole, and a dump of the database does not hold it."""
    sealed = _RING.seal(value, _BINDING)
    assert _RING.unseal(sealed, _BINDING) == value
    if len(value) >= 4:
        assert value not in sealed


def test_two_seals_of_one_value_differ() -> None:
    """Nobody can tell from the database that two connections hold the same secret."""
    assert _RING.seal(b"same", _BINDING) != _RING.seal(b"same", _BINDING)


@pytest.mark.parametrize(
    "other",
    [
        replace(_BINDING, company_id=new_id()),
        replace(_BINDING, object_id=new_id()),
        replace(_BINDING, purpose="input"),
    ],
)
def test_a_value_copied_elsewhere_does_not_open(other: Binding) -> None:
    """A row copied to another company, object or use is worthless there."""
    sealed = _RING.seal(b"secret", _BINDING)
    with pytest.raises(CannotOpen):
        _RING.unseal(sealed, other)


@given(st.data())
def test_a_changed_value_does_not_open(data: st.DataObject) -> None:
    """No bit of a stored value can be changed unnoticed."""
    sealed = bytearray(_RING.seal(b"secret", _BINDING))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        _RING.unseal(bytes(sealed), _BINDING)


@given(st.binary(max_size=120))
def test_bytes_of_another_kind_are_refused(junk: bytes) -> None:
    """A damaged row is an error with a name, never a crash."""
    with pytest.raises(CannotOpen):
        _RING.unseal(junk, _BINDING)


def test_rotation_keeps_values_readable_at_every_moment() -> None:
    """Old and new processes read a value while keys are rotated; the old key goes last."""
    both = KeyRing(SecretRing("master_key", _SECOND, (_FIRST,)))
    sealed = _RING.seal(b"secret", _BINDING)
    assert both.unseal(sealed, _BINDING) == b"secret"
    moved = both.rewrap(sealed, _BINDING)
    assert moved is not None
    assert version_of(moved) == 2
    assert both.rewrap(moved, _BINDING) is None
    alone = KeyRing(SecretRing("master_key", _SECOND))
    assert alone.unseal(moved, _BINDING) == b"secret"
    with pytest.raises(CannotOpen, match="version 1"):
        alone.unseal(sealed, _BINDING)


def test_a_wrong_master_key_of_the_right_version_opens_nothing() -> None:
    """A mixed-up secret is an error, not other people's data."""
    wrong = KeyRing(SecretRing("master_key", VersionedSecret(1, b"x" * 32)))
    with pytest.raises(CannotOpen):
        wrong.unseal(_RING.seal(b"secret", _BINDING), _BINDING)


def test_a_ring_takes_up_a_rotation_when_it_needs_to() -> None:
    """A running process reads what another sealed under a new key, and seals under it itself."""
    news = [SecretRing("master_key", _SECOND, (_FIRST,))]
    running = KeyRing(SecretRing("master_key", _FIRST), lambda: news.pop() if news else None)
    sealed = KeyRing(SecretRing("master_key", _SECOND)).seal(b"secret", _BINDING)
    assert running.unseal(sealed, _BINDING) == b"secret"
    assert version_of(running.seal(b"more", _BINDING)) == 2
    assert running.unseal(_RING.seal(b"old", _BINDING), _BINDING) == b"old"


def test_a_ring_takes_up_no_other_installations_keys() -> None:
    """A secrets file that was mixed up changes nothing for processes that run."""
    stranger = VersionedSecret(1, b"x" * 32)
    running = KeyRing(
        SecretRing("master_key", _FIRST), lambda: SecretRing("master_key", _SECOND, (stranger,))
    )
    assert version_of(running.seal(b"secret", _BINDING)) == 1
