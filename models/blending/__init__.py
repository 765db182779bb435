"""Several recommenders as one: the weighted sum of their scores, or the learned order of their candidates."""
