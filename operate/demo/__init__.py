"""`make demo`: the service with the demo shop and the console, and shoppers on request."""
