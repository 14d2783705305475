"""The automation engine of Casita."""
plugin = None
