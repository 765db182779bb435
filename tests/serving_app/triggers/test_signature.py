"""Signatures are those of Standard Webhooks, by its own published example."""

from serving_app.triggers.signature import make_secret, sign

# The example of the Standard Webhooks' reference libraries.
SECRET, MESSAGE, AT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY, SIGNATURE = b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example():
    assert sign(MESSAGE, AT, BODY, [SECRET]) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": str(AT),
        "webhook-signature": SIGNATURE,
    }


def test_every_secret_signs_and_everything_is_signed():
    other = make_secret()
    both = sign(MESSAGE, AT, BODY, [other, SECRET])["webhook-signature"].split()
    assert both[1] == SIGNATURE and len(set(both)) == 2
    changed = [
        sign(MESSAGE, AT, BODY + b" ", [SECRET]),
        sign(MESSAGE, AT + 1, BODY, [SECRET]),
        sign(MESSAGE + "x", AT, BODY, [SECRET]),
        sign(MESSAGE, AT, BODY, [other]),
    ]
    assert SIGNATURE not in [each["webhook-signature"] for each in changed]
