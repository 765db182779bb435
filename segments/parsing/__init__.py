"""Definitions as people write them: YAML read with line and column, checked, and built into the typed tree.

Every word of the grammar is declared once, as a shape (`shapes.py`) that both reads a node and describes
itself as JSON schema. So the parser and the schema that editors use cannot drift apart.
"""
