"""Measurements that can be repeated: `make bench NAME=<name>`; benchmarks/README.md lists them."""
