"""Events in: Segment's HTTP tracking format and a shop platform's webhooks, validated, logged, and known to
the live state before they are acknowledged.
"""
