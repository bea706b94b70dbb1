"""Bodies of the connection endpoints: secrets go in by these, and none comes out."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from justpaid.clock import to_wire
from justpaid.connections.changes import ConnectionChange, NewConnection
from justpaid.connections.model import AuthType, Connection, ConnectionStatus
from justpaid.connections.trial import Trial
from justpaid.exact_json import JsonObject
from justpaid.web.answers import PageMeta

_Name = Annotated[str, Field(min_length=1, max_length=255, examples=["Billing API"])]
_Credentials = Annotated[
    dict[str, Any],
    Field(
        description="By authType: `bearer` {token}, `basic` {username, password}, `api_key` "
        "{header, key}, `none` {}. Stored encrypted, and never returned.",
        examples=[{"token": "the-secret-token"}],
    ),
]
_AuthType = Annotated[
    AuthType | None,
    Field(description="Told from the credentials when left out.", examples=["bearer"]),
]
_Origins = Annotated[
    list[str],
    Field(
        description="Scheme, host and port of every place that may receive the credential.",
        examples=[["https://api.example.com"]],
    ),
]
_TestUrl = Annotated[
    str | None,
    Field(
        description="What a test reads; at one of the allowed origins. Default: the first origin.",
        examples=["https://api.example.com/v1/me"],
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
    )


class CreateConnection(_Body):
    """A new connection."""

    provider: Annotated[str, Field(examples=["http"])]
    name: _Name
    credentials: _Credentials
    auth_type: Annotated[_AuthType, Field(strict=False)] = None
    allowed_origins: _Origins = []
    test_url: _TestUrl = None

    def asked(self) -> NewConnection:
        """Return what is asked for, in the feature's own words."""
        return NewConnection(
            name=self.name,
            provider=self.provider,
            credentials=self.credentials,
            auth_type=self.auth_type,
            allowed_origins=self.allowed_origins,
            test_url=self.test_url,
        )


class UpdateConnection(_Body):
    """What is to change; a field left out stays as it is, and `testUrl` null is removed."""

    name: _Name | None = None
    credentials: _Credentials | None = None
    auth_type: Annotated[_AuthType, Field(strict=False)] = None
    allowed_origins: _Origins | None = None
    test_url: _TestUrl = None

    def asked(self) -> ConnectionChange:
        """Return what is asked for, in the feature's own words."""
        return ConnectionChange(
            name=self.name,
            credentials=self.credentials,
            auth_type=self.auth_type,
            allowed_origins=self.allowed_origins,
            test_url=self.test_url,
            clears_test_url="test_url" in self.model_fields_set and self.test_url is None,
        )


class ConnectionView(BaseModel):
    """A connection as it is shown: no secret, only hints."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str = Field(examples=["conn_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Billing API"])
    provider: str = Field(examples=["http"])
    status: ConnectionStatus = Field(examples=["active"])
    auth_type: AuthType = Field(examples=["bearer"])
    external_account_id: str | None = Field(examples=[None])
    scopes: list[str] = Field(examples=[[]])
    allowed_origins: list[str] = Field(examples=[["https://api.example.com"]])
    test_url: str | None = Field(examples=["https://api.example.com/v1/me"])
    hints: dict[str, str] = Field(
        description="What each credential field shows of itself.", examples=[{"token": "…9f3a"}]
    )
    expires_at: datetime | None = Field(examples=[None])
    last_used_at: datetime | None = Field(examples=["2026-11-24T09:30:00.000Z"])
    last_error: str | None = Field(examples=[None])
    created_at: datetime = Field(examples=["2026-11-01T08:00:00.000Z"])
    updated_at: datetime = Field(examples=["2026-11-01T08:00:00.000Z"])


class ConnectionAnswer(BaseModel):
    """A success."""

    success: Literal[True] = True
    data: ConnectionView


class ConnectionPage(BaseModel):
    """One page of connections."""

    success: Literal[True] = True
    data: list[ConnectionView]
    meta: PageMeta


class TrialView(BaseModel):
    """What a test found."""

    model_config = ConfigDict(alias_generator=to_camel)

    ok: bool = Field(examples=[True])
    url: str = Field(examples=["https://api.example.com/v1/me"])
    status: int | None = Field(description="Null when no answer came.", examples=[200])
    message: str = Field(examples=["The provider answered 200."])
    body: Any = Field(description="What the provider said, shortened.", examples=[{"id": "me"}])
    tested_at: datetime = Field(examples=["2026-11-24T09:30:00.000Z"])


class TrialAnswer(BaseModel):
    """A success: the test was made, whatever it found."""

    success: Literal[True] = True
    data: TrialView


class Deleted(BaseModel):
    """The connection is gone."""

    deleted: Literal[True] = True


class DeletedAnswer(BaseModel):
    """A success."""

    success: Literal[True] = True
    data: Deleted


def show_connection(connection: Connection) -> JsonObject:
    """Write a connection as the API answers it."""
    return {
        "id": connection.public_id,
        "name": connection.name,
        "provider": connection.provider,
        "status": connection.status.value,
        "authType": connection.auth_type.value,
        "externalAccountId": connection.external_account_id,
        "scopes": list(connection.scopes),
        "allowedOrigins": list(connection.allowed_origins),
        "testUrl": connection.test_url,
        "hints": dict(connection.hints),
        "expiresAt": to_wire(connection.expires_at) if connection.expires_at else None,
        "lastUsedAt": to_wire(connection.last_used_at) if connection.last_used_at else None,
        "lastError": connection.last_error,
        "createdAt": to_wire(connection.created_at),
        "updatedAt": to_wire(connection.updated_at),
    }


def show_trial(trial: Trial) -> JsonObject:
    """Write what a test found."""
    return {
        "ok": trial.ok,
        "url": trial.url,
        "status": trial.status,
        "message": trial.message,
        "body": trial.body,
        "testedAt": to_wire(trial.tested_at),
    }
