"""Brings a run's files into `landing/`, each in its source's own format."""
