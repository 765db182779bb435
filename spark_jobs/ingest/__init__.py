"""From landed files to raw and core tables; what cannot be read goes to quarantine."""
