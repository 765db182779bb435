"""The linear blend on Amazon Beauty: how its weights are chosen, and what each part adds."""
