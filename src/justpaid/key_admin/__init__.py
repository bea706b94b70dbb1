"""API keys as people manage them in the dashboard: make, change, rotate, revoke, trim."""
