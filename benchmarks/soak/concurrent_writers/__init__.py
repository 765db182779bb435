"""Writers of one table at once, which are killed at their work."""
