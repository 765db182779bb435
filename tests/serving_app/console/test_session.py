"""A session's cookie: read back as it was signed, and by nobody else's making; over by age, idleness, or a
clock that went astray.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from serving_app.console.session import SessionSigner, begin_session
from tests.serving_app.conftest import NOW

SECRET = b"s" * 32
SIGNER = SessionSigner(SECRET)


def make_session():
    return begin_session("0123456789ab", SIGNER.prove("key"), NOW, is_secure=True)


def test_a_session_is_read_back():
    session = make_session()
    assert SIGNER.read(SIGNER.sign(session), NOW) == session
    assert begin_session("a", "", NOW, is_secure=False).session_id != session.session_id


@pytest.mark.parametrize(
    ("age", "idle", "is_alive"),
    [
        pytest.param(timedelta(hours=11, minutes=59), timedelta(0), True, id="within twelve hours"),
        pytest.param(timedelta(hours=12), timedelta(0), False, id="twelve hours old"),
        pytest.param(timedelta(hours=3), timedelta(hours=1, minutes=59), True, id="idle below two hours"),
        pytest.param(timedelta(hours=3), timedelta(hours=2), False, id="idle for two hours"),
        pytest.param(-timedelta(minutes=5), -timedelta(minutes=5), False, id="of the future"),
        pytest.param(-timedelta(seconds=20), -timedelta(seconds=20), True, id="another machine's clock"),
    ],
)
def test_a_session_ends(age, idle, is_alive):
    began, seen = (int((NOW - back).timestamp()) for back in (age, idle))
    session = replace(make_session(), started_at=began, seen_at=seen)
    assert (SIGNER.read(SIGNER.sign(session), NOW) is not None) == is_alive


def test_to_renew_a_session_makes_it_no_younger():
    session, later = make_session(), NOW + timedelta(hours=1)
    renewed = session.renew(later)
    assert session.is_to_be_renewed(later) and not renewed.is_to_be_renewed(later)
    assert renewed.age(later) == timedelta(hours=1)
    assert (
        SIGNER.read(SIGNER.sign(session.renew(NOW + timedelta(hours=12))), NOW + timedelta(hours=12)) is None
    )


@given(st.text(max_size=2000))
def test_any_other_text_is_no_session(text):
    assert SIGNER.read(text, NOW) is None


@given(st.data())
def test_a_changed_cookie_is_no_session(data):
    cookie = SIGNER.sign(replace(make_session(), session_id="sAmE-eAch_time"))
    at = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_."))
    changed = cookie[:at] + letter + cookie[at + 1 :]
    if changed != cookie:
        session = SIGNER.read(changed, NOW)
        # the last letter of base64 holds bits that mean nothing
        assert session is None or (at == len(cookie) - 1 and session == SIGNER.read(cookie, NOW))


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(
            lambda fields: SessionSigner(b"t" * 32).sign(make_session()), id="another home's secret"
        ),
        pytest.param(lambda fields: URLSafeSerializer(SECRET).dumps(fields), id="another purpose"),
        pytest.param(lambda fields: URLSafeSerializer("").dumps(fields), id="no secret"),
    ],
)
def test_what_was_signed_otherwise_is_no_session(forged):
    fields = {"session_id": "x", "caller": "admin-token", "proof": "", "started_at": 0, "seen_at": 0}
    assert SIGNER.read(forged(fields), NOW) is None


def test_a_form_is_of_its_session():
    session, other = make_session(), make_session()
    token = SIGNER.make_form_token(session)
    assert SIGNER.is_form_token(session, token)
    assert not SIGNER.is_form_token(other, token)
    assert not SIGNER.is_form_token(session, "") and not SIGNER.is_form_token(session, token[:-1])
    assert token not in SIGNER.sign(session) and session.session_id not in token
