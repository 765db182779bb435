"""What it is worth that live behaviour steers a list: on RetailRocket's sessions, and by the sample
shop's truth.
"""
