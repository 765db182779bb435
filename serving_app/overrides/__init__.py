"""Pins, blocks and boosts: their routes, their store, and which concern a customer."""
