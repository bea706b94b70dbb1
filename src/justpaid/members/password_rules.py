"""Which passwords are refused: short ones, common ones, and those that the person's own data give.

Lists of leaked passwords hold few of twelve characters and more; nearly all of those are a common
word or two with digits around, a walk over the keyboard, or a short piece repeated. So rules refuse
the patterns, and a short list the phrases that no pattern catches.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 1024

_PRODUCT: Final = ("justpaid",)
_SHORTEST_PERSONAL: Final = 4
_FEWEST_DISTINCT: Final = 5
_LONGEST_UNIT: Final = 6
_SHORTEST_WALK: Final = 3
_MOST_WORDS: Final = 2

_LEET: Final = str.maketrans("01345789@$!+", "oieastbgasit")
_WALKS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "azertyuiop",
    "!@#$%^&*()",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "zaq12wsxcde34rfvbgt56yhn",
    "qazwsxedcrfvtgbyhnujmikolp",
)


def _read_list() -> tuple[frozenset[str], frozenset[str]]:
    """Read the words, and the phrases below them."""
    text = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8")
    words, _, phrases = text.partition("# phrases\n")
    return frozenset(_lines(words)), frozenset(_lines(phrases))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            yield from line.split()


_WORDS, _PHRASES = _read_list()


def find_password_problem(password: str, *, email: str = "", name: str = "") -> str | None:
    """Say why a password is refused; None when it is accepted."""
    if len(password) < MIN_LENGTH:
        return f"must have at least {MIN_LENGTH} characters"
    if len(password) > MAX_LENGTH:
        return f"must have at most {MAX_LENGTH} characters"
    plain = password.casefold()
    for personal in _personal(email, name):
        if personal in plain:
            return f"must not contain {personal!r}: it is easy to guess about you"
    if not any(map(str.isalpha, plain)):
        return "must have letters too"
    bare = "".join(filter(str.isalnum, plain))
    if _is_monotonous(plain) or _is_walk(plain) or _is_walk(bare) or _is_common(plain):
        return "is too common; a few words that do not belong together are good"
    return None


def _personal(email: str, name: str) -> Iterator[str]:
    """Yield what somebody who knows the person or the product would try."""
    local, _, domain = email.casefold().partition("@")
    parts = [*re.split(r"[^\w]+|_", local), domain.partition(".")[0], *name.casefold().split()]
    yield from (part for part in (*parts, *_PRODUCT) if len(part) >= _SHORTEST_PERSONAL)


def _is_monotonous(plain: str) -> bool:
    """Tell whether it has few different characters, or repeats a short piece."""
    if len(set(plain)) < _FEWEST_DISTINCT:
        return True
    return any(
        plain == (plain[:unit] * len(plain))[: len(plain)] for unit in range(1, _LONGEST_UNIT + 1)
    )


def _is_walk(plain: str) -> bool:
    """Tell whether all of it runs along the keyboard, the alphabet or the digits."""
    place = 0
    while place < len(plain):
        length = _walk_at(plain, place)
        if length < _SHORTEST_WALK:
            return False
        place += length
    return True


def _walk_at(plain: str, place: int) -> int:
    longest = 0
    for walk in _WALKS:
        for line in (walk, walk[::-1]):
            length = longest + 1
            while place + length <= len(plain) and plain[place : place + length] in line:
                longest = length
                length += 1
    return longest


def _is_common(plain: str) -> bool:
    """Tell whether its letters are a listed phrase, or at most two of the listed words."""
    for spelling in {plain, plain.translate(_LEET), _trim(plain).translate(_LEET)}:
        letters = "".join(filter(str.isalpha, spelling))
        if letters in _PHRASES or _is_words(letters, _MOST_WORDS):
            return True
    return False


def _trim(plain: str) -> str:
    """Take off the digits and signs that people put at the ends."""
    return re.sub(r"^[\d\W_]+|[\d\W_]+$", "", plain)


def _is_words(letters: str, most: int) -> bool:
    if letters in _WORDS:
        return True
    return most > 1 and any(
        letters[:cut] in _WORDS and _is_words(letters[cut:], most - 1)
        for cut in range(1, len(letters))
    )
