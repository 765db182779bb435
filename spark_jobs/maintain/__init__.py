"""Housekeeping of the lake: compacts small files and deletes those that no version needs."""
