"""Behaviour and attributes of customers and items, as train and score read them."""
