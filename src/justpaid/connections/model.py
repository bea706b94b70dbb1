"""A connection: a company's credential for one provider, without the credential itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from justpaid.ids import Prefix, encode_id
from justpaid.outbound.urls import InvalidUrl, Origin, parse_origin

MAX_ORIGINS: Final = 20


class ConnectionStatus(StrEnum):
    """Whether a connection can be used; only an active one is."""

    ACTIVE = "active"
    PENDING = "pending"
    ERROR = "error"
    EXPIRED = "expired"
    DISCONNECTED = "disconnected"


class AuthType(StrEnum):
    """How a provider is told who we are."""

    OAUTH2 = "oauth2"
    API_KEY = "api_key"
    BASIC = "basic"
    BEARER = "bearer"
    SMTP = "smtp"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Connection:
    """What anyone with `connections:read` may see; secrets show as hints only.

    `allowed_origins` are the only places its credential is ever sent to.
    """

    id: UUID
    company_id: UUID
    name: str
    provider: str
    status: ConnectionStatus
    auth_type: AuthType
    external_account_id: str | None
    scopes: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    test_url: str | None
    hints: Mapping[str, str]
    expires_at: datetime | None
    last_used_at: datetime | None
    last_error: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime

    @property
    def public_id(self) -> str:
        """The id as it stands on the wire."""
        return encode_id(Prefix.CONNECTION, self.id)

    @property
    def origins(self) -> frozenset[Origin]:
        """The allowed origins, read; one that no longer reads is allowed to nobody."""
        return frozenset(origin for text in self.allowed_origins if (origin := _read(text)))


def _read(text: str) -> Origin | None:
    try:
        return parse_origin(text)
    except InvalidUrl:
        return None
