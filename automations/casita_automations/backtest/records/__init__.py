"""Records of a house: its own log, and what other systems have written down."""
