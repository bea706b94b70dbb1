"""Measured work: the service beside a floor, in one run, as ratios."""
