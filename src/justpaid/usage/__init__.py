"""What each API key was used for, hour by hour, and what looks unusual about it."""
