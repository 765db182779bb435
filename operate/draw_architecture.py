"""Draw the packages of the code and the imports between them: `make architecture` writes the page.

`docs/architecture.md` is made from the code alone. Packages are boxes, single modules rounded boxes; an
arrow says that one imports the other, also inside of a function or for its types alone. What imports each
other in a circle is red. An arrow that a path of other arrows implies is left out of the picture; the table
below it names every import, and what each package decides: the first paragraph of its docstring.
"""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import grimp
import rustworkx

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = (
    "dags",
    "expectations",
    "models",
    "operate",
    "pages",
    "sample_shop",
    "segments",
    "serving_app",
    "spark_jobs",
)
DRAWN_INSIDE = ("spark_jobs", "models", "serving_app", "operate")
INTRODUCTION = """# Architecture

Made from the code by `make architecture`; a test compares. A box is a package, a rounded box a single
module, an arrow an import. What imports each other in a circle is red. An arrow that a path of others implies
is not drawn; the tables name every import. `benchmarks` and `tests` may import everything and are left out.
`dags` starts the programs of `spark_jobs` by command and imports none of them; `dbt_project` is SQL, started
by `spark_jobs`.
"""


@dataclass(frozen=True)
class Imports:
    """The packages and modules of one level, and which of them imports which; names are qualified."""

    names: tuple[str, ...]
    edges: frozenset[tuple[str, str]]

    def targets(self, name: str) -> list[str]:
        return sorted(target for source, target in self.edges if source == name)


def collect_imports(graph: grimp.ImportGraph, names: set[str]) -> Imports:
    """The imports between packages, each standing for all of its modules."""
    owners = {module: name for name in names for module in {name} | graph.find_descendants(name)}
    edges = {
        (owner, owners[target])
        for module, owner in owners.items()
        for target in graph.find_modules_directly_imported_by(module)
        if owners.get(target, owner) != owner
    }
    return Imports(tuple(sorted(names)), frozenset(edges))


def find_cycles(imports: Imports) -> list[frozenset[str]]:
    """The groups of names that import each other in a circle, in alphabetical order of their first names."""
    graph, _ = build_digraph(imports)
    groups = [
        frozenset(graph[node] for node in group) for group in rustworkx.strongly_connected_components(graph)
    ]
    return sorted((group for group in groups if len(group) > 1), key=min)


def build_digraph(imports: Imports) -> tuple[rustworkx.PyDiGraph, dict[str, int]]:
    """The imports as a graph, with the number of each name in it."""
    graph = rustworkx.PyDiGraph()
    numbers = dict(zip(imports.names, graph.add_nodes_from(imports.names), strict=True))
    graph.add_edges_from_no_data(
        [(numbers[source], numbers[target]) for source, target in sorted(imports.edges)]
    )
    return graph, numbers


def select_drawn_edges(imports: Imports) -> list[tuple[str, str]]:
    """The imports without those that a path of others implies; within a cycle all of them."""
    groups = {name: group for group in find_cycles(imports) for name in group}
    owner = {name: min(groups.get(name, {name})) for name in imports.names}
    between = {
        (owner[source], owner[target]) for source, target in imports.edges if owner[source] != owner[target]
    }
    graph, _ = build_digraph(Imports(tuple(sorted(set(owner.values()))), frozenset(between)))
    reduced, numbers = rustworkx.transitive_reduction(graph)
    names = {number: graph[node] for node, number in numbers.items()}
    drawn_edges = {(names[source], names[target]) for source, target in reduced.edge_list()}
    return [
        (source, target)
        for source, target in sorted(imports.edges)
        if owner[source] == owner[target] or (owner[source], owner[target]) in drawn_edges
    ]


def render_diagram(imports: Imports, packages: set[str]) -> str:
    """A Mermaid flowchart: names in `packages` as boxes, the others rounded, cycles red."""
    in_cycle = {name: number for number, group in enumerate(find_cycles(imports)) for name in group}
    lines, red = ["```mermaid", "flowchart TD"], []
    for name in imports.names:
        opening, closing = ("[", "]") if name in packages else ("([", "])")
        style = ":::cycle" if name in in_cycle else ""
        lines.append(f"  {name.replace('.', '_')}{opening}{name.rpartition('.')[2]}{closing}{style}")
    for number, (source, target) in enumerate(select_drawn_edges(imports)):
        lines.append(f"  {source.replace('.', '_')} --> {target.replace('.', '_')}")
        if source in in_cycle and in_cycle[source] == in_cycle.get(target):
            red.append(str(number))
    if red:
        lines += ["  classDef cycle stroke:#d00", f"  linkStyle {','.join(red)} stroke:#d00"]
    return "\n".join([*lines, "```"])


def render_table(imports: Imports, root: Path) -> str:
    """What each package or module decides, and what it imports of the same level."""
    lines = ["| room | decides | imports |", "|---|---|---|"]
    for name in imports.names:
        targets = ", ".join(f"`{target.rpartition('.')[2]}`" for target in imports.targets(name)) or "nothing"
        lines.append(f"| `{name}` | {read_first_paragraph(root, name).replace('|', '/')} | {targets} |")
    return "\n".join(lines)


def read_first_paragraph(root: Path, name: str) -> str:
    """The first paragraph of a package's or module's docstring; a dash when it has none."""
    path = root.joinpath(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (
        (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n\n")[0] or "–"
    ).replace("\n", " ")


def render_level(title: str, imports: Imports, packages: set[str], root: Path) -> str:
    """A heading, the picture, the cycles in words, the table."""
    cycles = "; ".join(", ".join(f"`{name}`" for name in sorted(group)) for group in find_cycles(imports))
    sentence = f"In a circle: {cycles}." if cycles else "No circle."
    return (
        f"## {title}\n\n{render_diagram(imports, packages)}\n\n{sentence}\n\n{render_table(imports, root)}\n"
    )


def render_page(root: Path = ROOT) -> str:
    """The whole page: all packages, then the inside of the larger ones."""
    sys.path.insert(0, str(root))
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    sections = [render_level("The whole", collect_imports(graph, set(PACKAGES)), set(PACKAGES), root)]
    for package in DRAWN_INSIDE:
        children = graph.find_children(package)
        packages = {child for child in children if root.joinpath(*child.split(".")).is_dir()}
        sections.append(render_level(f"`{package}`", collect_imports(graph, children), packages, root))
    return "\n".join([INTRODUCTION, *sections])


def main() -> None:
    PAGE.write_text(render_page(), "utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {', '.join(PACKAGES)}; inside {', '.join(DRAWN_INSIDE)}")


if __name__ == "__main__":
    main()
