"""Shapes of every table, record and file that crosses a folder; imports nothing of ours."""
