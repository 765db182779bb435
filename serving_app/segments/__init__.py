"""What people ask of segments: who is in one and why, how large it is, whom it shares with others, and what
another definition would change. `make segments` and `/v1/segments` ask the same service, which reads the
published warehouse.
"""
