"""Predictive traits: how likely a customer buys or leaves, and what they will spend, learned from histories
that end before the days that are predicted.
"""
