"""Members of segments while events come in: compiled definitions, a small state a customer, and timers.

A `Program` is made of definitions. A `SegmentState` is what it keeps of one customer: the events that can
still matter, and counters of those that are gone. It is the same whatever order its events came in.
"""
