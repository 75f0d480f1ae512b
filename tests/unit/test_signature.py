"""Signatures: made by hand and by the package, several keys, and everything that is refused."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from fakes.desk import KEY, OTHER_KEY, signed
from listener.signature import Keyring, NotSigned, check_key

BODY = b'{"kind": "answered"}'
RING = Keyring({"desk": [KEY]})


def refused(headers: dict[str, str], body: bytes = BODY, ring: Keyring = RING) -> NotSigned:
    with pytest.raises(NotSigned) as caught:
        ring.client_of(headers, body)
    return caught.value


def test_what_the_libraries_of_the_standard_sign_is_taken() -> None:
    at = datetime.now(UTC)
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(KEY).sign("msg-1", at, BODY.decode()),
    }
    assert RING.client_of(headers, BODY) == "desk"
    assert headers == {k: v for k, v in signed(BODY, at=at.timestamp()).items() if k != "content-type"}


def test_the_key_says_who_it_is_and_old_and_new_keys_are_valid_together() -> None:
    ring = Keyring({"desk": [KEY, OTHER_KEY], "shop": ["whsec_" + "QUJD" * 8]})
    assert ring.client_of(signed(BODY, key=KEY), BODY) == "desk"
    assert ring.client_of(signed(BODY, key=OTHER_KEY), BODY) == "desk"
    assert ring.client_of(signed(BODY, key="whsec_" + "QUJD" * 8), BODY) == "shop"


def test_one_of_several_signatures_is_enough() -> None:
    headers = signed(BODY, key=KEY)
    other = signed(BODY, key=OTHER_KEY)["webhook-signature"]
    headers["webhook-signature"] = f"{other} v1a,unknown {headers['webhook-signature']}"
    assert RING.client_of(headers, BODY) == "desk"


def test_what_was_changed_or_signed_by_others_is_refused() -> None:
    assert refused(signed(BODY), b'{"kind": "resolved"}').header == "webhook-signature"
    assert refused(signed(BODY, key=OTHER_KEY)).header == "webhook-signature"
    assert refused(signed(BODY) | {"webhook-id": "msg-2"}).header == "webhook-signature"
    later = str(int(time.time()) + 1)
    assert refused(signed(BODY) | {"webhook-timestamp": later}).header == "webhook-signature"
    assert refused(signed(BODY), BODY, Keyring({})).header == "webhook-signature"


@pytest.mark.parametrize("seconds", [-400, 400])
def test_what_is_more_than_five_minutes_off_is_refused(seconds: int) -> None:
    error = refused(signed(BODY, at=time.time() + seconds))
    assert (error.header, "five minutes" in error.detail) == ("webhook-timestamp", True)
    assert RING.client_of(signed(BODY, at=time.time() + seconds * 0.6), BODY) == "desk"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(name: str) -> None:
    headers = signed(BODY)
    del headers[name]
    assert refused(headers).header == name


@given(
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(max_codepoint=255)),
    st.binary(),
)
def test_whatever_else_comes_is_refused_in_order(name: str, at: str, made: str, body: bytes) -> None:
    refused({"webhook-id": name, "webhook-timestamp": at, "webhook-signature": made}, body)
    now = str(int(time.time()))
    refused({"webhook-id": name, "webhook-timestamp": now, "webhook-signature": f"v1,{made}"}, body)


@pytest.mark.parametrize("key", ["", "secret", "whsec_", "whsec_QUJD", "whsec_!" + "QUJD" * 8, "QUJD" * 8])
def test_a_key_that_is_none_is_told_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="openssl rand") as caught:
        check_key(key)
    assert len(key) < 7 or key not in str(caught.value)


def test_a_key_as_openssl_makes_it_is_one() -> None:
    check_key("whsec_" + "QUJD" * 8)
