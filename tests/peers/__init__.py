"""Real programs that tests talk to, on loopback."""
