"""The HTTP edge toolkit: caller, envelope, errors, cursors, idempotency, request ids."""
