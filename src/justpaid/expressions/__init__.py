"""Templates and the expression language: text in, values out, nothing of the host in reach."""
