"""Which items may be shown at all, and which a request asks for: hard filters and filter expressions."""
