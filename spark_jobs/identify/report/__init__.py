"""The night's page about who is who: tables in, one HTML file with its pictures out. It reads nothing and
decides nothing.
"""
