"""Tokens that a shop signed are accepted, and none that anybody else could make."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.keys.user_tokens import InvalidUserToken, UserTokens

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
T = int(NOW.timestamp())
SECRET, OLD, OTHER = "n" * 32, "o" * 40, "x" * 32
HEADER = {"alg": "HS256", "typ": "JWT"}
CLAIMS = {"sub": "u-4711", "aud": "concierge", "exp": T + 3600}
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"


def encode(part):
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims=CLAIMS, header=HEADER, secret=SECRET, digest=hashlib.sha256):
    """A token as any library makes it: RFC 7515 by hand, so that the oracle is not the code's own library."""
    signed = f"{encode(header)}.{encode(claims)}"
    return f"{signed}.{encode(hmac.new(secret.encode(), signed.encode(), digest).digest())}"


def claims(**changed):
    return {name: value for name, value in {**CLAIMS, **changed}.items() if value != "absent"}


def unsigned(header, signature=b""):
    return f"{encode(header)}.{encode(CLAIMS)}.{encode(signature)}"


VALID = sign()
HEAD, BODY, SIGNATURE = VALID.split(".")

ATTACKS = {
    # no signature, or one of another algorithm
    "none": unsigned({"alg": "none", "typ": "JWT"}),
    "None": unsigned({"alg": "None"}),
    "nOnE": unsigned({"alg": "nOnE"}, b"0" * 32),
    "none with a valid signature behind it": f"{encode({'alg': 'none'})}.{BODY}.{SIGNATURE}",
    "no alg": sign(header={"typ": "JWT"}),
    "alg of a number": sign(header={"alg": 256}),
    "alg of a list": sign(header={"alg": ["HS256"]}),
    "alg in other letters": sign(header={"alg": "hs256"}),
    "signature left out": f"{HEAD}.{BODY}.",
    "two parts": f"{HEAD}.{BODY}",
    "HS384": sign(header={"alg": "HS384"}, digest=hashlib.sha384),
    "HS512": sign(header={"alg": "HS512"}, digest=hashlib.sha512),
    "RS256 verified with HMAC by its public key": sign(header={"alg": "RS256"}, secret=PUBLIC_KEY),
    "HS256 by a public key": sign(secret=PUBLIC_KEY),
    "HS256 by the empty secret": sign(secret=""),
    "HS256 by another secret": sign(secret=OTHER),
    "ES256 with r = s = 0 (psychic)": unsigned({"alg": "ES256"}, bytes(64)),
    "HS256 with a signature of zeros": unsigned(HEADER, bytes(32)),
    "EdDSA": unsigned({"alg": "EdDSA"}, bytes(64)),
    # a header that says where keys are
    "kid is a path, signed with an empty file": sign(
        header={**HEADER, "kid": "../../../../dev/null"}, secret=""
    ),
    "kid is SQL": sign(header={**HEADER, "kid": f"x' UNION SELECT '{OTHER}"}, secret=OTHER),
    "kid is a command": sign(header={**HEADER, "kid": "|/usr/bin/id"}, secret=OTHER),
    "kid is a number": sign(header={**HEADER, "kid": 1}),
    "jku": sign(header={**HEADER, "jku": "https://evil.example/jwks"}),
    "x5u": sign(header={**HEADER, "x5u": "https://evil.example/cert"}),
    "x5c": sign(header={**HEADER, "x5c": ["MIIB"]}),
    "jwk in the header": sign(
        header={**HEADER, "jwk": {"kty": "oct", "k": encode(OTHER.encode())}}, secret=OTHER
    ),
    "crit": sign(header={**HEADER, "crit": ["exp"]}),
    "b64 false": sign(header={**HEADER, "b64": False, "crit": ["b64"]}),
    "zip": sign(header={**HEADER, "zip": "DEF"}),
    "typ of something else": sign(header={"alg": "HS256", "typ": "at+jwt"}),
    "alg twice in the header": sign(header=b'{"alg":"none","alg":"HS256"}'),
    "header is a list": sign(header=["HS256"]),
    # claims
    "sub twice": sign(claims=json.dumps(CLAIMS)[:-1].encode() + b', "sub": "u-4712"}'),
    "expired": sign(claims(exp=T)),
    "expired a year ago": sign(claims(exp=T - 365 * 86_400)),
    "no exp": sign(claims(exp="absent")),
    "exp of text": sign(claims(exp=str(T + 3600))),
    "exp of a fraction": sign(claims(exp=T + 3600.5)),
    "exp is true": sign(claims(exp=True)),
    "exp is NaN": sign(json.dumps(claims(exp=float("nan"))).encode()),
    "exp in ten years": sign(claims(exp=T + 3650 * 86_400)),
    "exp beyond every clock": sign(claims(exp=10**300)),
    "not yet": sign(claims(nbf=T + 3600)),
    "nbf of text": sign(claims(nbf="now")),
    "issued tomorrow": sign(claims(iat=T + 86_400)),
    "another audience": sign(claims(aud="shop-admin")),
    "several audiences": sign(claims(aud=["concierge", "shop-admin"])),
    "no audience": sign(claims(aud="absent")),
    "audience of null": sign(claims(aud=None)),
    "no sub": sign(claims(sub="absent")),
    "empty sub": sign(claims(sub="")),
    "blank sub": sign(claims(sub="  ")),
    "sub of a number": sign(claims(sub=4711)),
    "sub of a list": sign(claims(sub=["u-4711"])),
    "sub of null": sign(claims(sub=None)),
    "sub too long": sign(claims(sub="u" * 513)),
    "sub with a line end": sign(claims(sub="u\n4711")),
    "claims of a list": sign([CLAIMS]),
    "claims of text": sign("u-4711"),
    "claims that nest": sign(b"[" * 1200 + b"]" * 1200),
    "claims no UTF-8": sign(b"\xff\xfe{}"),
    # letters
    "another sub under an old signature": f"{HEAD}.{encode(claims(sub='u-4712'))}.{SIGNATURE}",
    "a megabyte": sign(claims(pad="x" * 1_000_000)),
    "a megabyte of dots": "." * 1_000_000,
    "white space": f"{HEAD}.{BODY}.{SIGNATURE} ",
    "line end": f"{VALID}\n",
    "padded": f"{VALID}=",
    "four parts": f"{VALID}.x",
    "another last letter that decodes alike": VALID[:-1] + chr(ord(VALID[-1]) + 1),
    "standard base64": f"{HEAD}.{BODY}.{'+' + SIGNATURE[1:]}",
    "letters outside ASCII": f"{HEAD}.{BODY}.{'é' * 43}",
    "empty": "",
    "revoked with its secret": sign(secret="r" * 32),
}


@pytest.fixture
def tokens():
    return UserTokens((SECRET, OLD), lambda: NOW)


def test_there_are_enough():
    assert len(ATTACKS) >= 60 and len(set(ATTACKS.values())) == len(ATTACKS)


@pytest.mark.parametrize("token", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack(tokens, token):
    with pytest.raises(InvalidUserToken) as refused:
        tokens.verify(token)
    assert "u-471" not in str(refused.value)


@pytest.mark.parametrize(
    ("token", "user_id"),
    [
        (VALID, "u-4711"),
        (sign(secret=OLD), "u-4711"),
        (sign(header={"alg": "HS256"}), "u-4711"),
        (sign(header={**HEADER, "kid": "2026-02"}), "u-4711"),
        (sign(claims(exp=T + 86_400, iat=T, nbf=T)), "u-4711"),
        (sign(claims(exp=T + 1)), "u-4711"),
        (sign(claims(iat=T + 30)), "u-4711"),
        (sign(claims(sub=" Ada@Shop.Example ")), "Ada@Shop.Example"),
        (sign(claims(sub="é" * 512)), "é" * 512),
        (sign(claims(name="Ada", more={"a": [1]})), "u-4711"),
    ],
)
def test_what_a_shop_signed(tokens, token, user_id):
    assert tokens.verify(token) == user_id


def test_a_secret_is_replaced_without_a_gap():
    before, both, after = (UserTokens(secrets, lambda: NOW) for secrets in ([OLD], [SECRET, OLD], [SECRET]))
    old, new = sign(secret=OLD), sign()
    assert before.verify(old) == both.verify(old) == both.verify(new) == after.verify(new) == "u-4711"
    with pytest.raises(InvalidUserToken):
        after.verify(old)


def test_a_token_ends_to_the_second():
    now = [NOW]
    tokens = UserTokens([SECRET], lambda: now[0])
    now[0] = NOW + timedelta(seconds=3599)
    assert tokens.verify(VALID)
    now[0] = NOW + timedelta(seconds=3600)
    with pytest.raises(InvalidUserToken, match="expired"):
        tokens.verify(VALID)


def test_without_secrets_no_token_is_accepted():
    tokens = UserTokens((), lambda: NOW)
    assert not tokens.is_required
    for token in (VALID, sign(secret="")):
        with pytest.raises(InvalidUserToken):
            tokens.verify(token)


@given(place=st.integers(0, len(VALID) - 1), letter=st.characters(codec="ascii"))
def test_no_letter_of_a_token_may_change(place, letter):
    changed = VALID[:place] + letter + VALID[place + 1 :]
    tokens = UserTokens((SECRET,), lambda: NOW)
    if changed != VALID:
        with pytest.raises(InvalidUserToken):
            tokens.verify(changed)


def test_a_long_one_is_refused_before_it_is_read(tokens):
    started_at = time.perf_counter()
    for _ in range(100):
        with pytest.raises(InvalidUserToken):
            tokens.verify(ATTACKS["a megabyte"])
    assert time.perf_counter() - started_at < 1
