"""A seeded shop that knows the truth about itself: the embedded default source, and the judge in tests.

It imports nothing of ours and takes everything by arguments. What it writes and what it cannot show:
`sample_shop/README.md`.
"""
