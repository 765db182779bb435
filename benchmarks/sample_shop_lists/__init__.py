"""What the lists of a sample shop's home are truly worth, by the shop's own truth: for whom, and for what is
new.
"""
