"""The helpers of the service's conftest, as a fixture."""

import pytest


@pytest.fixture
def disk(request):
    """The helpers of conftest, which a test module cannot import by name."""
    return next(
        plugin for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "deploy_snapshot")
    )
