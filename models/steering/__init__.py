"""Live behaviour steers a list: what a visitor just did, weighed as the shop's own sessions teach."""
