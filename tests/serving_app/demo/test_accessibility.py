"""axe-core over the demo shop's pages, at a phone's and a desk's width, light and dark; nothing is wider than
the window.
"""

import pytest

from tests.serving_app.demo.visits import DESK, PHONE, go, visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing(browser, served, node_clients, size, scheme):
    axe = (node_clients / "node_modules" / "axe-core" / "axe.min.js").read_text()
    found, wide = {}, []
    with visit(browser, served, size, scheme) as page:
        for path in (
            "/demo/",
            "/demo/shelf?q=item",
            "/demo/item?id=item-05",
            "/demo/cart",
            "/demo/sign-in",
            "/demo/item?id=no",
        ):
            go(page, served, path)
            if path == "/demo/shelf?q=item":
                page.click("[data-consent-yes]")
            if path == "/demo/cart":
                page.click("[data-open-drawer]")
            page.evaluate(axe)
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found |= {f"{path} {one['id']}": one["nodes"][0]["html"] for one in result["violations"]}
            if page.evaluate("document.documentElement.scrollWidth") > size[0]:
                wide.append(path)
        assert found == {} and wide == [] and page.elsewhere == []
