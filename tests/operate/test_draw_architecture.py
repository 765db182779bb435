"""The picture of the packages: what is drawn, what is left out, what is red."""

from pathlib import Path

import grimp

from operate.draw_architecture import (
    Imports,
    collect_imports,
    find_cycles,
    read_first_paragraph,
    render_diagram,
    render_table,
    select_drawn_edges,
)

CHAIN = Imports(("a", "b", "c"), frozenset({("a", "b"), ("b", "c"), ("a", "c")}))
CIRCLE = Imports(
    ("a", "b", "c", "d"), frozenset({("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("a", "d")})
)


def test_a_package_stands_for_all_of_its_modules() -> None:
    graph = grimp.ImportGraph()
    for package in ("shop.orders", "shop.lake"):
        graph.add_module(package)
    graph.add_import(importer="shop.orders.read", imported="shop.lake.tables")
    graph.add_import(importer="shop.orders.read", imported="shop.orders.types")
    graph.add_import(importer="shop.lake.tables", imported="elsewhere")
    found = collect_imports(graph, {"shop.orders", "shop.lake"})
    assert found == Imports(("shop.lake", "shop.orders"), frozenset({("shop.orders", "shop.lake")}))


def test_an_arrow_that_others_imply_is_not_drawn_and_stands_in_the_table(tmp_path: Path) -> None:
    assert find_cycles(CHAIN) == []
    assert select_drawn_edges(CHAIN) == [("a", "b"), ("b", "c")]
    for name in CHAIN.names:
        (tmp_path / f"{name}.py").write_text(f'"""Decide {name} | that\nis all.\n\nMore."""')
    assert "| `a` | Decide a / that is all. | `b`, `c` |" in render_table(CHAIN, tmp_path)


def test_a_circle_is_red_with_all_its_arrows() -> None:
    assert find_cycles(CIRCLE) == [frozenset({"b", "c"})]
    assert select_drawn_edges(CIRCLE) == [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]
    lines = [line.strip() for line in render_diagram(CIRCLE, packages={"a", "b"}).splitlines()]
    assert "a[a]" in lines and "b[b]:::cycle" in lines and "c([c]):::cycle" in lines
    assert "linkStyle 1,2 stroke:#d00" in lines


def test_a_package_without_a_docstring_has_a_dash(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").touch()
    assert read_first_paragraph(tmp_path, "a") == "–"
