"""Compare what two homes hold and what the service answers from each, row by row."""
