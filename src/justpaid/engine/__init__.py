"""Advances runs durably; knows no HTTP and no provider."""
