"""The console: pages for whoever runs the shop, drawn by the server. It asks the services of the features and
shows what they answer.
"""
