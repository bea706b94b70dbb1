"""Hands the installation's secrets to the rooms that use them, each in the room's own type."""

from justpaid.api_keys.key_format import Pepper, Peppers
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.db.encryption import KeyRing
from justpaid.db.secret_rotation import MasterKeyWatch
from justpaid.db.secrets import Secrets
from justpaid.settings import Settings


def peppers_of(secrets: Secrets) -> Peppers:
    """Return what API keys are hashed under."""
    current, *older = (Pepper(each.version, each.secret) for each in secrets.pepper.all)
    return Peppers(current, older)


def audit_secrets_of(secrets: Secrets) -> AuditSecrets:
    """Return what the audit log is chained under."""
    current, *older = (AuditSecret(each.version, each.secret) for each in secrets.audit_key.all)
    return AuditSecrets(current, older)


def master_keys_of(secrets: Secrets, settings: Settings) -> KeyRing:
    """Return what stored values are sealed under; it takes up a rotation in the secrets file."""
    return KeyRing(secrets.master_key, MasterKeyWatch(settings))
