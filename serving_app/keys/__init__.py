"""API keys, the tokens that prove a user, and the store of the keys: who may ask what."""
