"""The soak `notifications` notices each thing that may be wrong."""

import hashlib
import hmac
import time
from base64 import b64decode, b64encode

import pytest

from benchmarks.soak.notifications.ledger import Arrival, Ledger, judge
from expectations.contracts.transitions import encode_transition
from serving_app.triggers.sender import make_body
from tests.serving_app.triggers.transitions import SECRET, make_transition

TOLD = [make_transition(n, f"c_{n % 2}") for n in range(6)]


def arrive(n, is_accepted=True, body=b"{}", is_genuine=True):
    return Arrival(TOLD[n].transition_id, TOLD[n].customer_id, body, is_accepted, is_genuine, 0.0, 0.1)


IN_ORDER = [arrive(n) for n in range(6)]


@pytest.mark.parametrize(
    ("arrivals", "wrong"),
    [
        pytest.param(IN_ORDER, {}, id="in order"),
        pytest.param([IN_ORDER[1], IN_ORDER[0], *IN_ORDER[2:]], {}, id="customers in another order"),
        pytest.param([arrive(0, False), *IN_ORDER, arrive(0)], {}, id="tried before, accepted again later"),
        pytest.param(IN_ORDER[:-1], {"n_missing": 1}, id="never accepted"),
        pytest.param(
            [*IN_ORDER[:2], IN_ORDER[4], IN_ORDER[3], IN_ORDER[2], IN_ORDER[5]],
            {"n_disordered": 1, "n_early": 1},
            id="out of order",
        ),
        pytest.param([arrive(2, False), *IN_ORDER], {"n_early": 1}, id="before its turn"),
        pytest.param([*IN_ORDER, arrive(1, body=b"[]")], {"n_ambiguous": 1}, id="with another body"),
        pytest.param([*IN_ORDER, arrive(1, is_genuine=False)], {"n_forged": 1}, id="forged"),
    ],
)
def test_a_verdict_names_what_is_wrong(arrivals, wrong):
    verdict = judge(arrivals, TOLD)
    fields = ("n_missing", "n_disordered", "n_early", "n_ambiguous", "n_forged")
    assert {name: getattr(verdict, name) for name in fields if getattr(verdict, name)} == wrong
    assert verdict.is_right == (not wrong) and verdict.n_requests == len(arrivals)


def test_a_signature_is_checked():
    body, now = make_body(encode_transition(TOLD[0])), int(time.time())
    ledger, key = Ledger(SECRET), b64decode(SECRET.removeprefix("whsec_"))

    def note(message_id, at, signed):
        digest = hmac.new(key, f"{message_id}.{at}.".encode() + signed, hashlib.sha256).digest()
        signature = f"v1,{b64encode(digest).decode()}"
        headers = {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": signature}
        ledger.note(headers, body, True)

    own = TOLD[0].transition_id
    note(own, now, body)
    note(own, now, body + b" ")
    note(own, now - 60, body)
    note(TOLD[1].transition_id, now, body)
    assert [each.is_genuine for each in ledger.arrivals] == [True, False, False, False]
