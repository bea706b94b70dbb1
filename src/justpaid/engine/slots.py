"""Decides which runs a worker may claim next, so that no company takes all of its slots.

Guarantee: the last quarter of the slots goes only to companies that hold few of the others; however
long one company's steps take, another one's run finds a slot.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

_RESERVED_PART = 4  # one slot of so many is reserved, and so is the share that counts as few


@dataclass(frozen=True, slots=True)
class Share:
    """How many runs to claim; a `reserved` share is not for the companies `at_cap`."""

    most: int
    is_reserved: bool = False
    at_cap: tuple[UUID, ...] = ()


def next_share(slots: int, holders: Iterable[UUID], held: int) -> Share | None:
    """Say what to claim next; None while every slot is taken.

    `holders` names the company of each run held, of which there are `held`; it is read only once
    the slots for everybody are taken. Fewer than four slots have no reserve.
    """
    for_all = slots - slots // _RESERVED_PART
    if held < for_all:
        return Share(for_all - held)
    if held >= slots:
        return None
    cap = max(for_all // _RESERVED_PART, 1)
    at_cap = sorted(company for company, runs in Counter(holders).items() if runs >= cap)
    return Share(min(slots - held, cap), is_reserved=True, at_cap=tuple(at_cap))
