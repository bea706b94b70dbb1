"""Leaked keys: reported by anybody, shut at once, looked into by people."""
