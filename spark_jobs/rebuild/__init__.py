"""Makes a registered model and its lists again and compares them byte by byte."""
