"""Refits, searches, evaluates, gates and registers models; looks for drift."""
