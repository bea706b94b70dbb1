"""What a leak report does: the key is shut by the company's policy, and people are told.

Guarantee: whoever reports learns nothing, neither whether the text is a key nor whose; once the
report is answered, no process accepts the key on its old terms.
"""

from dataclasses import replace
from uuid import UUID

from justpaid import clock
from justpaid.api_keys import repository as api_keys
from justpaid.api_keys.key_changes import KeyChanges
from justpaid.api_keys.key_format import Peppers, is_well_formed, redact
from justpaid.api_keys.model import ApiKey, KeyStatus
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import SYSTEM, Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.model import LeakPolicy
from justpaid.companies.service import get_company
from justpaid.errors import InvalidState, NotFound
from justpaid.ids import Prefix, encode_id
from justpaid.leaks import repository
from justpaid.leaks.model import Leak, LeakAct, Resolution
from justpaid.notices import repository as notices
from justpaid.notices.model import News
from justpaid.scopes import Scope

_READ_SCOPES = frozenset({Scope.WORKFLOWS_READ, Scope.RUNS_READ, Scope.CONNECTIONS_READ})
_REASON = "reported as leaked"
_TOLD = {
    LeakAct.REVOKED: "It was revoked at once. Make a new key, and take the old one out of there.",
    LeakAct.CUT_TO_READ: "It may only read now. Revoke it, or clear the report.",
    LeakAct.NONE: "It had been revoked before, so nothing had to be done.",
}


class Leaks:
    """Made once at composition."""

    def __init__(self, peppers: Peppers, keys: ApiKeys, audit: AuditLog) -> None:
        self._peppers = peppers
        self._keys = keys
        self._audit = audit

    async def report(
        self,
        changes: KeyChanges,
        text: str,
        url: str | None,
        *,
        address: str | None,
        request_id: str | None,
    ) -> None:
        """Take in a report; of a text that is no stored key nothing is kept."""
        if not is_well_formed(text):
            return
        digests = self._peppers.digests(text)
        found = await api_keys.find_by_digests(changes.connection, digests)
        if found is None:
            return
        company_id, key_id = found[0].company_id, found[0].id
        key = await api_keys.lock(changes.connection, company_id, key_id)
        if key is not None:
            by = replace(SYSTEM, address=address, request_id=request_id)
            await self._act(changes, key, None if url is None else redact(url), by)

    async def resolve(
        self,
        changes: KeyChanges,
        company_id: UUID,
        leak_id: UUID,
        resolution: Resolution,
        comment: str,
        *,
        by: Actor,
    ) -> Leak:
        """Close a report, revoking the key or not. Raises NotFound, InvalidState when closed."""
        leak = await repository.lock(changes.connection, company_id, leak_id)
        if leak is None:
            raise NotFound("There is no such object.")
        if leak.is_resolved:
            raise InvalidState("This report was resolved before.")
        if resolution is Resolution.REVOKE:
            await self._keys.revoke_key(changes, company_id, leak.key_id, by=by, reason=comment)
        resolved = await repository.resolve(
            changes.connection,
            company_id,
            leak_id,
            by=by.name,
            resolution=resolution,
            comment=comment,
        )
        await self._record(changes, resolved, "resolved", by)
        return resolved

    async def _act(self, changes: KeyChanges, key: ApiKey, url: str | None, by: Actor) -> None:
        act = await self._shut(changes, key, by)
        leak = await repository.add(
            changes.connection, key.company_id, key.id, url=url, reported_by=by.address, act=act
        )
        if leak is None:
            return
        await self._record(changes, leak, "reported", by)
        news = News(
            kind="key_leaked",
            title=f"The key {key.name} was reported as leaked",
            body=f"Somebody found {key.hint} in public. {_TOLD[act]}",
            distinct_by=str(leak.id),
            link=f"/keys/{encode_id(Prefix.KEY, key.id)}",
        )
        await notices.add(changes.connection, key.company_id, news, clock.now())

    async def _shut(self, changes: KeyChanges, key: ApiKey, by: Actor) -> LeakAct:
        """Do with the key what the company's policy says; a report again does it again."""
        if key.stored_status is KeyStatus.REVOKED:  # an expired one could be given more time
            return LeakAct.NONE
        company = await get_company(changes.connection, key.company_id)
        kept = key.scopes & _READ_SCOPES
        if company.leak_policy is LeakPolicy.READ_ONLY and kept:
            if kept != key.scopes:
                wanted = replace(key, scopes=kept)
                await self._keys.update_key(changes, key.company_id, wanted, by=by)
            return LeakAct.CUT_TO_READ
        await self._keys.revoke_key(changes, key.company_id, key.id, by=by, reason=_REASON)
        return LeakAct.REVOKED

    async def _record(self, changes: KeyChanges, leak: Leak, action: str, by: Actor) -> None:
        await self._audit.record_event(
            changes.connection,
            leak.company_id,
            by=by,
            action=f"leak.{action}",
            object_type="leak",
            object_id=encode_id(Prefix.LEAK, leak.id),
            after={
                "keyId": encode_id(Prefix.KEY, leak.key_id),
                "act": leak.act.value,
                "resolution": None if leak.resolution is None else leak.resolution.value,
                "comment": leak.comment,
            },
        )
