"""`justpaid demo`: a finance workflow through the public API, from nothing, in one command."""
