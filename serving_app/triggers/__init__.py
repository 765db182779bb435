"""What leaves the service when a customer enters or leaves a segment: signed notifications to the shop's
endpoints (outgoing webhooks), and a stream of transitions that a client keeps open.
"""
