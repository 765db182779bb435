"""The slice of a customer's profile that a shop's own servers may read."""
