"""What LightGBM is told everywhere, so that the same rows and seed give the same trees on any machine."""

REPRODUCIBLE = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1}
