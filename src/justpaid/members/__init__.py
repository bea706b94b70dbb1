"""People, their memberships and roles, sessions, invites and links."""
