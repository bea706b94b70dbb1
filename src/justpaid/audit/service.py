"""Records events in the transaction of what they record, and recomputes a company's chain."""

import hmac
from uuid import UUID

from justpaid import clock, exact_json, ids
from justpaid.audit import repository
from justpaid.audit.chain import GENESIS, AuditSecrets, Link, hash_link, sign_head
from justpaid.audit.model import Actor, Head, SignedHead, Verification
from justpaid.db.pool import Connection
from justpaid.errors import InvalidInput, Problem


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

    async def verify(
        self, connection: Connection, company_id: UUID, earlier: SignedHead | None = None
    ) -> Verification:
        """Recompute a company's chain and compare its end with the recorded head.

        A tail cut together with the head is seen only by comparing with a head signed `earlier`.
        `connection` must not be in a transaction. Raises InvalidInput for a head not signed here.
        """
        if earlier is not None:
            self._require_own(company_id, earlier)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            head = await repository.find_head(connection, company_id)
            previous, rows, is_continued = GENESIS, 0, earlier is None or earlier.rows == 0
            async for link, version, stored in repository.read_chain(connection, company_id):
                secret = self._secrets.find(version)
                expected = None if secret is None else hash_link(link, previous, secret)
                fits = expected is not None and hmac.compare_digest(expected, stored)
                if not fits or link.seq != rows + 1:
                    return Verification(valid=False, rows=rows, head=previous, first_bad_id=link.id)
                previous, rows = stored, rows + 1
                if earlier is not None and rows == earlier.rows:
                    is_continued = hmac.compare_digest(stored, earlier.hash)
        recorded = (0, GENESIS) if head is None else (head.rows, head.hash)
        is_whole = is_continued and recorded == (rows, previous)
        return Verification(valid=is_whole, rows=rows, head=previous, first_bad_id=None)

    def sign(self, company_id: UUID, head: Head) -> SignedHead:
        """Vouch for the end of a chain as it is now."""
        now, secret = clock.now(), self._secrets.current
        signature = sign_head(company_id, head.rows, head.hash, now, secret)
        return SignedHead(company_id, head.rows, head.hash, now, secret.version, signature)

    async def sign_head(self, connection: Connection, company_id: UUID) -> SignedHead:
        """Vouch for the end of a company's chain as it is now."""
        head = await repository.find_head(connection, company_id)
        return self.sign(company_id, head or Head(0, GENESIS))

    async def sign_all(self, connection: Connection) -> list[SignedHead]:
        """Vouch for the end of every company's chain."""
        heads = await repository.list_heads(connection)
        return [self.sign(company_id, head) for company_id, head in heads]

    def _require_own(self, company_id: UUID, head: SignedHead) -> None:
        secret = self._secrets.find(head.key_version)
        is_own = company_id == head.company_id and secret is not None
        if secret is not None and is_own:
            expected = sign_head(company_id, head.rows, head.hash, head.at, secret)
            is_own = hmac.compare_digest(expected, head.signature)
        if not is_own:
            problem = Problem("head", "was not signed by this installation for this company")
            raise InvalidInput("The signed head is not valid.", [problem])
