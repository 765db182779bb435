"""Damages every file that the service reads while clients ask it, and compares every answer."""
