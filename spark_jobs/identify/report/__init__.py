"""The page of a run about who is who: tables in, one HTML file with its pictures out. It reads no table and
decides nothing.
"""
