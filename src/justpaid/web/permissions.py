"""What a person may do beyond the scopes of the API, in the words of the admin API."""

from enum import StrEnum


class Permission(StrEnum):
    """A right of a session; which role has which is decided in `members/roles.py`."""

    KEYS = "keys"  # API keys, their usage, flags and leaks
    MEMBERS = "members"  # people of the company, and invites
    AUDIT = "audit"
    COMPANY = "company"  # the company's own settings and environment values
    OWNERS = "owners"  # make, demote and remove owners
    DECIDE = "decide"  # approvals
