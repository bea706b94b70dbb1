"""Which passwords are refused, and what checking one costs."""

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from justpaid.errors import Unavailable
from justpaid.members.password_rules import MAX_LENGTH, find_password_problem
from justpaid.members.passwords import Passwords


@pytest.mark.parametrize(
    "password",
    [
        "short-one-1",
        "password1234",
        "P@ssw0rd2024!",
        "Welcome12345",
        "letmein-letmein",
        "iloveyou2023!",
        "Summer2024!!",
        "Passwort-Sommer-2025",
        "Admin-Password-1",
        "CompanyFinance1",
        "correct horse battery staple",
        "thisismypassword1",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "zaq12wsxcde3",
        "asdfgh-qwerty",
        "123456789012",
        "2109-8765-4321",
        "abcdefghijkl",
        "abcabcabcabc",
        "aaaaaaaaaaaaaaaa",
        "19850412-2024",
        "x" * (MAX_LENGTH + 1),
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    """What an attacker tries first is no password here, however it is decorated."""
    assert find_password_problem(password) is not None


@pytest.mark.parametrize(
    "password",
    [
        "horse pencil river 9",
        "quiet-otter-harbour-7",
        "Tr0ub4dor&3xyz",
        "9x!Lq72#vBn0",
        "кот идёт домой",
    ],
)
def test_good_passwords_are_accepted(password: str) -> None:
    """A few words that do not belong together are enough; no rule asks for signs or capitals."""
    assert find_password_problem(password, email="anna.berg@acme.test", name="Anna Berg") is None


@pytest.mark.parametrize(
    "password",
    ["anna-likes-cakes-77", "the Berg over there", "at-ACME-we-bill-you", "my JustPaid sign-in"],
)
def test_personal_passwords_are_refused(password: str) -> None:
    """Neither the e-mail, the name nor the product stands in a password."""
    problem = find_password_problem(password, email="anna.x@acme.test", name="Anna Berg")
    assert problem is not None
    assert "guess" in problem


class CountingHasher(PasswordHasher):
    """Counts how often it really computes."""

    computed = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  argon2's name
        """Count and verify."""
        self.computed += 1
        assert extract_parameters(str(hash)) == self._parameters
        return super().verify(hash, password)


async def test_nobodys_password_costs_the_same() -> None:
    """An unknown e-mail costs one argon2id computation on the same terms as a known one."""
    hasher = CountingHasher(time_cost=1, memory_cost=64, parallelism=1)
    passwords = Passwords(hasher)
    stored = await passwords.hash("quiet-otter-harbour-7")
    assert await passwords.verify(stored, "quiet-otter-harbour-7") is True
    assert await passwords.verify(stored, "another-password-1") is False
    assert await passwords.verify(None, "quiet-otter-harbour-7") is False
    assert hasher.computed == 3
    passwords.close()


async def test_the_service_hashes_by_the_standard() -> None:
    """Stored passwords are argon2id on the terms of RFC 9106, whatever keyboard typed them."""
    passwords = Passwords()
    stored = await passwords.hash("quiet-\u00f6tter-harbour")
    terms = extract_parameters(stored)
    assert (terms.type, terms.memory_cost, terms.time_cost) == (Type.ID, 65_536, 3)
    assert await passwords.verify(stored, "quiet-o\u0308tter-harbour")
    assert not await passwords.verify("not a hash", "quiet-o\u0308tter-harbour")
    passwords.close()


async def test_a_flood_of_passwords_is_refused() -> None:
    """However many passwords come at once, few wait; the rest are told to come back."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    checks = [passwords.verify(None, "x") for _ in range(200)]
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    assert outcomes.count(False) >= 64
    assert any(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert await passwords.verify(None, "x") is False
    passwords.close()
