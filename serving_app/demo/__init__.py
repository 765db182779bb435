"""`/demo/`: a storefront over the published catalogue: the snippet and the public API at work.

It plays the shop. What it shows of its own are the catalogue's items, as a shop has its own; recommendations
and events go through the snippet and `/v1` alone. It is there only with CONCIERGE_DEMO=on.
"""
