"""Which merges a person should look at: giants, bridges, likeness in doubt. Arrow and numpy in, rows out; no
Spark.
"""
