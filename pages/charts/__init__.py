"""Charts of one family, drawn as SVG: data in, text out, without colours (`charts.css` has them).

Each says in words what it shows (`aria-label`), and each mark what it stands for (`<title>`).
"""
