"""How what people look at looks: design tokens, charts as SVG, numbers and times as they are read.

Pure functions and style sheets. The console and the demo shop link the style sheets; reports, which need no
other file, carry them inside.
"""
