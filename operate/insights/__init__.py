"""`make insights`: twenty questions about customers, answered by the published warehouse on one page."""
