"""The guides and the API reference, served from the package at /docs."""
