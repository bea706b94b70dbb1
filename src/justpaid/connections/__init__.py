"""A company's credentials for its providers: sealed in storage, added to a request at the wire."""
