"""The laboratory of linkage: what is measured of it and no night runs.

Training without labels (EM, self-training) and with labels of some people, thresholds chosen on labels, the
metrics of clusters, and the profile of the historical figures.
"""
