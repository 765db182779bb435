"""A night of hostile input."""
