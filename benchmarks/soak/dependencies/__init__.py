"""Everything the service depends on, taken from it in every way, and what its visitors notice."""
