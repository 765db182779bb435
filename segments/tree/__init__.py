"""The typed tree of a segment's rule: what every host (SQL, the service, the stream) evaluates.

A rule is decided of one customer at one moment, `now`, from four inputs: the customer's events before `now`,
fields (what the night knows of the customer), stays in other segments, and uploaded lists. Everything here is
immutable and hashable: two definitions that measure the same thing hold equal nodes, which a host works out
once.

What each node means to the microsecond is written in docs/reference/segment-language.md.
"""
