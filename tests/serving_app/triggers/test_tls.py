"""Over TLS the certificate is the name's that is declared, though the connection goes to an address."""

import ssl
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serving_app.triggers.attempts import Outcome
from tests.serving_app.triggers.endpoint_server import EndpointServer
from tests.serving_app.triggers.test_sender import send


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of localhost, with its key, that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def endpoint(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = EndpointServer(lambda listening: context.wrap_socket(listening, server_side=True))
    yield server
    server.stop()


def trust(monkeypatch, certificate):
    context = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", context)


def test_a_certificate_is_of_the_name(endpoint, certificate, monkeypatch):
    trust(monkeypatch, certificate)
    assert send(f"https://localhost:{endpoint.port}/hook").outcome is Outcome.ACCEPTED
    attempt = send(f"https://127.0.0.1:{endpoint.port}/hook")
    assert (attempt.outcome, len(endpoint.requests)) == (Outcome.FAILED, 1)
    assert "Certificate" in attempt.reason


def test_a_certificate_of_nobody_is_refused(endpoint):
    attempt = send(f"https://localhost:{endpoint.port}/hook")
    assert (attempt.outcome, endpoint.requests) == (Outcome.FAILED, [])
