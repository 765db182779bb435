"""`triggers.yml`: what is wrong is said in a sentence, and a wrong endpoint keeps none of its neighbours."""

import pytest

from expectations.contracts.trigger_settings import check_networks, check_signing_secrets
from serving_app.triggers.endpoints import Endpoint, EndpointError, Endpoints, read_endpoints
from tests.serving_app.triggers.transitions import SECRET, make_transition

CRM = "endpoints:\n  crm:\n    url: https://hooks.shop.example/segments\n"


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "triggers.yml").write_text(text)
        return tmp_path / "triggers.yml"

    return write


def test_an_endpoint_wants_what_it_names(write):
    endpoint = read_endpoints(write(CRM + "    segments: [vip]\n    types: [left]\n"))["crm"]
    assert endpoint.wants(make_transition(1, is_entered=False))
    assert not endpoint.wants(make_transition(1))
    assert not endpoint.wants(make_transition(1, segment="lapsed", is_entered=False))
    assert Endpoint(url="https://a.example").wants(make_transition(1))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("url: ftp://hooks.shop.example", "is no https://<host>/<path>"),
        ("url: https:///path", "is no https://<host>/<path>"),
        ("url: https://bücher.example", "is no https://<host>/<path>"),
        ("url: https://user:pass@hooks.shop.example", "a user, a password or a fragment"),
        ("url: https://hooks.shop.example:99999", "url"),
        ("url: https://a.example\n    typ: [left]", "unknown key 'typ' (did you mean 'types'?)"),
        ("url: https://a.example\n    types: [entry]", "allowed: entered, left"),
        ("url: https://a.example\n    segments: []", "segments"),
        ("url: https://a.example\n    parallel: 100", "parallel"),
        ("url: https://a.example\n    timeout_seconds: 0", "timeout_seconds"),
        ("types: [left]", "url missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, line, words):
    flaw = read_endpoints(write(f"endpoints:\n  crm:\n    {line}\n"))["crm"]
    assert isinstance(flaw, EndpointError)
    assert str(flaw).startswith("triggers.yml: endpoints.crm") and words in str(flaw)


@pytest.mark.parametrize("text", ["- a", "endpoints: [a", "endpoint: {}", "endpoints: {CRM: {}}"])
def test_a_file_that_is_none_is_said(write, tmp_path, text):
    write(text)
    endpoints = Endpoints(tmp_path, {})
    assert endpoints.declared == [] and "triggers.yml" in endpoints.describe_problem()


def test_neighbours_of_a_wrong_endpoint_work(write, tmp_path):
    write(CRM + "  mail:\n    url: https://b.example\n  bad:\n    url: 7\n")
    endpoints = Endpoints(tmp_path, {"crm": (SECRET,), "bad": (SECRET,)})
    assert [each.endpoint_id for each in endpoints.declared] == ["crm"]
    assert "endpoints.bad: url is 7" in endpoints.describe_problem()
    assert "CONCIERGE_TRIGGER_SECRETS has no mail:whsec_…" in endpoints.describe_problem()


def test_the_file_is_followed(write, tmp_path):
    """What is added, changed and taken out holds with the next look; a mistake leaves what held before."""
    endpoints = Endpoints(tmp_path, {"crm": (SECRET,), "mail": (SECRET,)})
    assert endpoints.declared == []
    write(CRM)
    assert [each.endpoint.url for each in endpoints.declared] == ["https://hooks.shop.example/segments"]
    write(CRM.replace("segments", "elsewhere") + "  mail:\n    url: https://b.example\n")
    urls = ["https://hooks.shop.example/elsewhere", "https://b.example"]
    assert [each.endpoint.url for each in endpoints.declared] == urls
    for wrong in ("endpoints: [a", "endpoints:\n  crm:\n    url: 7\n  mail:\n    url: https://b.example\n"):
        write(wrong)
        assert [each.endpoint.url for each in endpoints.declared] == urls
        assert "triggers.yml" in endpoints.describe_problem()
        assert endpoints.describe_problem().endswith("what was understood before holds")
    (tmp_path / "triggers.yml").unlink()
    assert (endpoints.declared, endpoints.describe_problem()) == ([], "")


def test_a_home_without_the_file_has_none(tmp_path):
    assert (Endpoints(tmp_path, {}).declared, Endpoints(tmp_path, {}).describe_problem()) == ([], "")


def test_values_of_settings_are_checked():
    assert check_signing_secrets(f"crm:{SECRET},crm:{SECRET}") is None
    for wrong in ("crm:secret-of-sixteen", "crm:whsec_c2hvcnQ=", f":{SECRET}", "crm:whsec_?"):
        assert "whsec_" in check_signing_secrets(wrong)
    assert check_networks("10.1.0.0/16, 127.0.0.1,fd00::/8") is None
    assert "networks" in check_networks("10.1.0.1/16") and "networks" in check_networks("shop.example")
