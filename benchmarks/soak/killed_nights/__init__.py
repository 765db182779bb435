"""Nights whose steps and engine are killed."""
