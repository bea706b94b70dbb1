"""What the routes of this room work with: made once at composition, kept as `app.state.members`."""

from dataclasses import dataclass

from justpaid.audit.service import AuditLog
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool
from justpaid.members.account import Account
from justpaid.members.attempts import Attempts
from justpaid.members.cookie import SessionCookie
from justpaid.members.invites import Invites
from justpaid.members.joining import Joining
from justpaid.members.mail import Mail
from justpaid.members.passwords import Passwords
from justpaid.members.proof import Proofs
from justpaid.members.service import KeyOwnership, Members
from justpaid.members.session_reader import SessionReader
from justpaid.members.sessions import Sessions
from justpaid.members.setup import Setup
from justpaid.members.sign_in import SignIn
from justpaid.members.totp_secrets import TotpSecrets
from justpaid.settings import Settings
from justpaid.web.gate_contract import FailureCounter
from justpaid.web.same_origin import SameOrigin


@dataclass(frozen=True, slots=True)
class MembersRoom:
    """The parts, wired by `make_room`; `close` after the last request."""

    base_url: str
    cookie: SessionCookie
    reader: SessionReader
    passwords: Passwords
    sign_in: SignIn
    sessions: Sessions
    setup: Setup
    invites: Invites
    account: Account
    members: Members
    mail: Mail

    async def close(self) -> None:
        """Let mails under way end and the threads go."""
        await self.mail.close()
        self.passwords.close()


def make_room(
    settings: Settings,
    pool: Pool,
    keys: KeyRing,
    audit: AuditLog,
    failures: FailureCounter,
    key_owners: KeyOwnership,
) -> MembersRoom:
    """Wire the parts on a process's pool, secrets and counter of failed authentications."""
    cookie = SessionCookie.of_address(settings.base_url)
    same_origin = SameOrigin(settings.public_url, settings.trusted_proxies)
    passwords = Passwords()
    secrets = TotpSecrets(keys)
    attempts = Attempts(pool, failures)
    proofs = Proofs(pool, passwords, attempts, secrets)
    sessions = Sessions(audit)
    joining = Joining(pool, passwords, proofs, audit)
    return MembersRoom(
        base_url=settings.base_url,
        cookie=cookie,
        reader=SessionReader(pool, cookie, same_origin),
        passwords=passwords,
        sign_in=SignIn(proofs, sessions),
        sessions=sessions,
        setup=Setup(pool, joining, sessions, attempts, audit),
        invites=Invites(pool, joining, sessions, attempts, audit),
        account=Account(pool, passwords, proofs, attempts, secrets, audit),
        members=Members(audit, key_owners),
        mail=Mail(settings),
    )
