"""Whether a delivery was signed by who knows the secret: HMAC-SHA256 of the body as it was sent."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from serving_app.intake.webhook_declaration import Signature

MAX_CHARACTERS = 256  # of a header that is looked at; 32 bytes in hex are 64


def is_signed(body: bytes, header: str | None, declared: Signature, secrets: Sequence[str]) -> bool:
    """Whether the header holds the body's signature by one of the secrets; of no secret nothing is signed.

    How long it takes does not depend on how much of a signature is right.
    """
    signature = decode_signature(header or "", declared)
    if signature is None:
        return False
    expected = [hmac.new(secret.encode(), body, hashlib.sha256).digest() for secret in secrets]
    return any([hmac.compare_digest(signature, each) for each in expected])  # a list: each is compared


def decode_signature(header: str, declared: Signature) -> bytes | None:
    """The bytes that a header holds; None where it holds none."""
    if not header.startswith(declared.prefix) or len(header) > MAX_CHARACTERS:
        return None
    text = header.removeprefix(declared.prefix)
    try:
        if declared.encoding == "hex":
            return binascii.unhexlify(text)
        return base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and so is a letter outside ASCII
        return None
