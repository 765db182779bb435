"""Predictive traits on Online Retail beside the RFM rule and BG/NBD."""
