"""What is promised: contracts of tables and records, and suites that hold tables to them."""
