"""Requests that schemathesis makes of the service's own description, sent to the real server."""
