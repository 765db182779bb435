"""Recommendation lists by the champion, for those whose inputs changed."""
