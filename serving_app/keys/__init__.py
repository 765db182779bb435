"""API keys: their scopes, their store, and the limits of how much each may ask."""
