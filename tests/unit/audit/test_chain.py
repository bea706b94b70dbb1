"""The audit chain as a pure function of content and key."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from justpaid.audit.chain import GENESIS, AuditSecret, Link, hash_link

SECRET = AuditSecret(1, b"a" * 32)
LINK = Link(
    company_id=UUID(int=1),
    seq=1,
    id=UUID(int=2),
    at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    actor="operator:root",
    address=None,
    request_id=None,
    action="api_key.created",
    object_type="api_key",
    object_id="key_1",
    before=None,
    after="{}",
)
CHANGES: list[dict[str, object]] = [
    {"company_id": UUID(int=9)},
    {"seq": 2},
    {"id": UUID(int=9)},
    {"at": datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=UTC)},
    {"actor": "operator:roo"},
    {"address": ""},
    {"request_id": "t"},
    {"action": "api_key.revoked"},
    {"object_type": "api_ke", "object_id": "ykey_1"},
    {"before": "{}", "after": None},
    {"after": "{ }"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_is_covered(change: dict[str, object]) -> None:
    """Changing any column of a stored row, or moving text between columns, breaks its hash."""
    changed = replace(LINK, **change)
    assert hash_link(changed, GENESIS, SECRET) != hash_link(LINK, GENESIS, SECRET)


def test_the_row_before_and_the_key_are_covered() -> None:
    """A row cannot be moved to another place, nor a chain be made without the key."""
    base = hash_link(LINK, GENESIS, SECRET)
    assert hash_link(LINK, b"\1" * 32, SECRET) != base
    assert hash_link(LINK, GENESIS, AuditSecret(1, b"b" * 32)) != base
