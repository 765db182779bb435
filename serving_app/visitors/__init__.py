"""Who is asking: the customer behind the ids of a request."""
