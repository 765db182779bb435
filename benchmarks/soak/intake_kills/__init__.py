"""Kills the service at random moments while clients send events, and asks whether one was lost."""
