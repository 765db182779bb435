"""How batch data moves: one package per step of a run, and what the steps share below them."""
