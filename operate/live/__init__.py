"""`make live`: broker, stream, service and simulated shoppers at once, and what happens on one screen."""
