"""Who is who: links identifiers, applies rules and decisions, and names the customers."""
