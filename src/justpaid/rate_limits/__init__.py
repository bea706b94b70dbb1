"""Rate limits: exact budgets a minute, counted so that no window of 60 seconds holds more."""
