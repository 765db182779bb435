"""Airflow's pages and the service are started side by side on one machine."""

from expectations.contracts.settings import SETTINGS
from operate import airflow


def test_airflow_and_the_service_have_ports_of_their_own(tmp_path, monkeypatch):
    for name in ("PORT", "BASE_URL"):
        monkeypatch.delenv(f"AIRFLOW__API__{name}", raising=False)
    monkeypatch.delenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", raising=False)
    env = airflow.build_environment(tmp_path, "local[1]")
    assert env["AIRFLOW__API__PORT"] == "8081" != SETTINGS["CONCIERGE_HTTP_PORT"].default
    monkeypatch.setenv("AIRFLOW__API__PORT", "9000")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    env = airflow.build_environment(tmp_path, "local[1]")
    assert env["AIRFLOW__API__BASE_URL"] == "https://airflow.example"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:9000/execution/"
