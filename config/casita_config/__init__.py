"""Casita's configuration: YAML that knows its lines, includes, secrets, schemas."""
