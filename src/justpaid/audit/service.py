"""Records events in the transaction of what they record, and recomputes a company's chain."""

import hmac
from uuid import UUID

from justpaid import clock, exact_json, ids
from justpaid.audit import repository
from justpaid.audit.chain import GENESIS, AuditSecrets, Link, hash_link
from justpaid.audit.model import Actor, Verification
from justpaid.db.pool import Connection


class AuditLog:
    """The log of this installation; made once at composition with the secrets of the chain."""

    def __init__(self, secrets: AuditSecrets) -> None:
        self._secrets = secrets

    async def record_event(
        self,
        connection: Connection,
        company_id: UUID,
        *,
        by: Actor,
        action: str,
        object_type: str,
        object_id: str,
        before: object = None,
        after: object = None,
    ) -> None:
        """Append one event, such as `api_key.revoked`, within the caller's transaction.

        Holds the company's chain until that transaction ends: record last, keep it short.
        `before` and `after` are JSON values without secrets.
        """
        head = await repository.lock_head(connection, company_id)
        link = Link(
            company_id=company_id,
            seq=head.rows + 1,
            id=ids.new_id(),
            at=clock.now(),
            actor=by.name,
            address=by.address,
            request_id=by.request_id,
            action=action,
            object_type=object_type,
            object_id=object_id,
            before=None if before is None else exact_json.encode_text(before),
            after=None if after is None else exact_json.encode_text(after),
        )
        secret = self._secrets.current
        row_hash = hash_link(link, head.hash, secret)
        await repository.append(connection, company_id, link, secret.version, row_hash)

    async def verify(self, connection: Connection, company_id: UUID) -> Verification:
        """Recompute a company's chain and compare its end with the recorded head.

        A tail cut together with the head is seen only by comparing with a head logged earlier.
        """
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            head = await repository.find_head(connection, company_id)
            previous, rows = GENESIS, 0
            async for link, version, stored in repository.read_chain(connection, company_id):
                secret = self._secrets.find(version)
                expected = None if secret is None else hash_link(link, previous, secret)
                fits = expected is not None and hmac.compare_digest(expected, stored)
                if not fits or link.seq != rows + 1:
                    return Verification(valid=False, rows=rows, head=previous, first_bad_id=link.id)
                previous, rows = stored, rows + 1
        recorded = (0, GENESIS) if head is None else (head.rows, head.hash)
        return Verification(
            valid=recorded == (rows, previous), rows=rows, head=previous, first_bad_id=None
        )
