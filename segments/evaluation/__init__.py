"""Members of segments while events come in: compiled definitions, one small state a customer, and timers.

`compile_segments` makes a `Program` of definitions. A `State` is what it keeps of one customer: the events
that can still matter, and counters of those that are gone. It is the same whatever order its events came in.
"""
