"""The built dashboard, and how it is served at /."""
