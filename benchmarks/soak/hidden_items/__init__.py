"""The soak of hidden items: what was hidden is served no more, whatever happens meanwhile."""
