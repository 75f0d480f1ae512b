"""What mentions tell about their author, in normal forms."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.mention import Contactable, Mention
from stream.enrichment.identity import (
    MAX_VALUES,
    AuthorIdentity,
    normal_email,
    normal_handle,
    normal_name,
    normal_phone,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def mention(**fields: Any) -> Mention:
    return Mention.model_validate(
        {
            "mention_id": "twitter:1",
            "source": "tw",
            "source_kind": "twitter",
            "native_id": "1",
            "author": "twitter:42",
            "channel": "social",
            "visibility": "public",
            "text": "hello",
            "occurred_at": NOW,
            "received_at": NOW,
        }
        | fields
    )


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Jane.Doe+flights@GoogleMail.com ", "janedoe@gmail.com"),
        ("Jane.Doe+flights@example.org", "jane.doe+flights@example.org"),
        ("jane+x@outlook.com", "jane@outlook.com"),
        ("jane@MÜNCHEN.example", "jane@xn--mnchen-3ya.example"),
        ("jane@straße.example", "jane@xn--strae-oqa.example"),
        ("jane@example.org.", "jane@example.org"),
        ("jane", None),
        ("@example.org", None),
        ("+x@gmail.com", None),
        ("jane@localhost", None),
        ("jane doe@example.org", None),
        ("a@b@example.org", None),
        ("a" * 250 + "@example.org", None),
    ],
)
def test_email(written: str, normal: str | None) -> None:
    assert normal_email(written) == normal


@pytest.mark.parametrize(
    ("written", "region", "normal"),
    [
        ("+44 (0)20 7946 0018", None, "+442079460018"),
        ("020 7946 0018", None, None),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+1-202-555-0143 ext. 5", None, None),
        ("call me", "GB", None),
        ("+1", None, None),
    ],
)
def test_phone(written: str, region: str | None, normal: str | None) -> None:
    assert normal_phone(written, region) == normal


def test_handle_and_name() -> None:
    assert normal_handle(" @Jane_Doe ") == "jane_doe"
    assert normal_handle("@") is None
    assert normal_name("  Jane\u00a0 DOE ") == "jane doe"


@given(st.text(max_size=80))
def test_normal_forms_are_stable(text: str) -> None:
    for normalise in (normal_email, normal_handle, normal_name):
        once = normalise(text)
        assert once is None or normalise(once) == once


def test_what_a_mention_tells() -> None:
    told = AuthorIdentity.of(
        mention(
            author_name="Jane  Doe",
            contactable=Contactable(
                name="J. Doe",
                email="J@X.example",
                phone="+44 20 7946 0018",
                handle="@JD",
                handle_verified=True,
            ),
        )
    )
    assert told == AuthorIdentity(
        author="twitter:42",
        source_kind="twitter",
        names=("j. doe", "jane doe"),
        emails=("j@x.example",),
        phones=("+442079460018",),
        verified_handles=("jd",),
    )


def test_a_handle_that_is_only_claimed_is_not_verified() -> None:
    told = AuthorIdentity.of(mention(contactable=Contactable(handle="@ceo")))
    assert told.handles == ("ceo",)
    assert told.verified_handles == ("42",)


def test_nobody_has_no_account() -> None:
    assert AuthorIdentity.of(mention(author="twitter:anon-1")).verified_handles == ()


def test_the_companys_answer_tells_nothing_about_the_customer() -> None:
    answer = mention(
        direction="outbound",
        author="twitter:company",
        author_name="Company",
        answers_author="twitter:42",
        contactable=Contactable(email="help@company.example"),
    )
    assert AuthorIdentity.of(answer) == AuthorIdentity(author="twitter:42", source_kind="twitter")


values = st.lists(st.integers(0, 60).map(str), max_size=30, unique=True).map(
    lambda v: tuple(sorted(v)[:MAX_VALUES])
)
identities = st.builds(
    AuthorIdentity,
    author=st.just("twitter:42"),
    source_kind=st.just("twitter"),
    names=values,
    emails=values,
    phones=values,
    handles=values,
    verified_handles=values,
)


@given(identities, identities, identities)
def test_merging_does_not_depend_on_order(a: AuthorIdentity, b: AuthorIdentity, c: AuthorIdentity) -> None:
    assert a.merged(b) == b.merged(a)
    assert a.merged(b).merged(c) == a.merged(b.merged(c))
    assert a.merged(a) == a
    assert len(a.merged(b).emails) <= MAX_VALUES


def test_two_authors_are_not_merged() -> None:
    one = AuthorIdentity.of(mention())
    with pytest.raises(ValueError, match="twitter:43"):
        one.merged(AuthorIdentity.of(mention(author="twitter:43")))
