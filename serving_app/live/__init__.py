"""The live state: what a visitor did since the last night, known to the very next answer."""
