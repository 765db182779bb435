"""Which customers belong to which group: the language of definitions, its check, and its SQL."""
