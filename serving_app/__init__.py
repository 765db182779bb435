"""The service: it answers from what was published, and from nothing else. Importing it does nothing;
`serving_app.app.create_app` makes the app.
"""
