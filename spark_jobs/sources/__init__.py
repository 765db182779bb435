"""How sources are declared and found, and which of their files have landed: shared by the steps."""
