"""Kills the stream and the broker while events come, and asks whether one was lost or doubled."""
