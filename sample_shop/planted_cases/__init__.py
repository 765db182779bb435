"""Records that a pipeline trips over, planted beside the shop's own trade: which there are, and what is
right of each.
"""
