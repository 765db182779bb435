"""Learned groups of customers: clusters by behaviour, who is like a segment, and who wants an item."""
