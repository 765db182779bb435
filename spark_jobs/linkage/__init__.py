"""Probabilistic record linkage: which records of people, none of them equal, are one person.

Splink does the statistics (EM, term frequencies, scoring as SQL on DuckDB); this package declares what is
compared, freezes what was learned, and turns scored pairs into clusters that do not depend on row order.
"""
