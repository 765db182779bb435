"""Why identifiers are one customer's, reviews, and people's decisions about them."""
