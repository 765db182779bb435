"""Whether the service answers, what it serves, and what is degraded."""
