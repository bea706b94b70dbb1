"""Trials: a version of a workflow run without effects, to see what it would do."""
