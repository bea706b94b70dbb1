"""The one guarded HTTP client: everything that leaves the service leaves through here."""
