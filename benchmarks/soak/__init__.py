"""Long runs that look for what stops a night: `make soak NAME=<name>`."""
