"""API keys: their format, their store, and how a request proves that it holds one."""
