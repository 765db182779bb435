"""Counts what becomes of each kind of record that the sample shop plants: planted, right, wrong."""
