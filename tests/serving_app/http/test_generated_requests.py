"""Requests that schemathesis makes of the description: none is answered 5xx, or otherwise than described.

A few for each operation; `make soak NAME=generated_requests` sends ten thousand to the real server.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from benchmarks.soak.generated_requests.description import EXCLUDED_CHECKS, describe_strictly
from tests.serving_app.conftest import Clock, Shop

pytestmark = pytest.mark.slow  # imports schemathesis and sends 300 requests: 8 s
EXAMPLES = 5


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("generated"), Clock())


@pytest.fixture(scope="module")
def description(shop):
    document = describe_strictly(shop.client.get("/openapi.json").json)
    loaded = schemathesis.openapi.from_dict(document)
    loaded.app, loaded.location = shop.app, "/openapi.json"
    return loaded


def takes_anything(operation):
    """Whether it has a query or a body, of which something can be wrong; any text can be a path's part."""
    definition = operation.definition.raw
    return "requestBody" in definition or any(
        one["in"] == "query" for one in definition.get("parameters", ())
    )


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_generated_requests_are_answered_as_described(description, mode):
    n_operations = 0
    for result in description.get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not takes_anything(operation):
            continue
        n_operations += 1

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def check(case):
            case.call_and_validate(excluded_checks=EXCLUDED_CHECKS)

        check()
    assert n_operations >= (30 if mode is GenerationMode.POSITIVE else 15)
