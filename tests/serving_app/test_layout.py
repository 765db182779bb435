"""Feature packages look alike, and views only parse, ask and answer."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "serving_app"
FEATURES = sorted(path.parent for path in PACKAGE.glob("*/views.py"))
MAX_STATEMENTS = 4
LOGIC = (ast.For, ast.While, ast.Try, ast.With, ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)


def read_views(feature):
    tree = ast.parse((feature / "views.py").read_text())
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_there_are_features():
    assert len(FEATURES) >= 5


@pytest.mark.parametrize("feature", FEATURES, ids=lambda path: path.name)
def test_a_feature_has_views_schemas_and_a_service(feature):
    names = {path.stem for path in feature.glob("*.py")}
    assert {"views", "schemas", "service"} <= names


@pytest.mark.parametrize("feature", FEATURES, ids=lambda path: path.name)
def test_a_view_is_short_and_has_no_logic(feature):
    """A check of the request may be there; loops, errors caught and stores may not."""
    views = read_views(feature)
    assert views
    for view in views:
        statements = view.body[1:]  # after the docstring
        logic = [node for node in ast.walk(view) if isinstance(node, LOGIC)]
        assert len(statements) <= MAX_STATEMENTS, f"{feature.name}.{view.name}: move it to the service"
        assert not logic, f"{feature.name}.{view.name}: line {logic[0].lineno} belongs to the service"
