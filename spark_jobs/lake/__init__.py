"""The only package that knows Delta and Spark's session: reads, writes and changes of tables."""
