import pytest

from tests.serving_app.segments.small_warehouse import write_warehouse


@pytest.fixture
def segments(shop):
    """The shop with a published warehouse."""
    write_warehouse(shop.home)
    return shop
