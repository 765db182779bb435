"""Which items may be shown at all: the eligibility filter of every rung."""
