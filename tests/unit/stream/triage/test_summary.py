"""The three lines that a person reads first, and the advice beside them."""

from collections.abc import Sequence

import pytest

from listener.domain.case import MAX_SNAPSHOT_BYTES, Case
from listener.domain.customer import Customer
from listener.domain.document import read_document
from stream.enrichment.customer_match import CustomerIndex
from stream.ledger.ledger import Ledger, Recorded
from stream.offline import AllStages
from stream.triage.policy import DEFAULT, Policy, default_policy
from stream.triage.summary import MAX_LINE
from stream.triage.triage import Triage
from unit.stream.worlds import (
    TaggedTexts,
    at,
    command,
    deletion,
    goodwill,
    live,
    mention,
    outbound,
    put_all,
    response,
)

ANN = Customer(
    customer_id="1",
    names=("Ann One",),
    emails=("one@example.org",),
    preferred_channel="phone",
    consent={"news": False},
)

MANY_STEPS = (
    "P0 answered on 1 Nov 2026 after 1 hour, P1 answered on 1 Nov, 5 more steps, P7 answered on 1 Nov, again on 1 "
    "Nov and P7 resolved it on 1 Nov."
)


def only_case(
    values: Sequence[Recorded],
    now_hours: float = 1000,
    customer: Customer = ANN,
    policy: Policy | None = None,
) -> Case:
    index = CustomerIndex()
    index.put(customer)
    both = AllStages(
        Ledger(TaggedTexts(), index), Triage(policy or default_policy(), index), lambda: at(now_hours)
    )
    put_all(both, values).drain()
    [case] = live(both)
    return case


def by_mail(name: str, text: str, hours: float, author: str = "x:a") -> Recorded:
    return mention(name, text, hours, author, channel="email", visibility="private", email="one@example.org")


def test_the_whole_story() -> None:
    tried, did, promised = only_case(
        [
            by_mail("1", "complaint cause-a", 0),
            outbound("auto", "We will answer within 5 working days.", 0.1, "1", "x:a", automatic=True),
            mention("2", "complaint cause-a", 30, channel="phone", email="one@example.org", author="x:b"),
            mention("3", "complaint cause-a", 31, channel="phone", email="one@example.org", author="x:b"),
            response(
                "r",
                "3",
                "x:b",
                40,
                by="agent:jo.day@example.org",
                excerpt="Hi Ann, we will pay within 5 days.",
            ),
            mention("4", "complaint cause-a", 300, author="x:c", email="one@example.org"),
            response(
                "s",
                "4",
                "x:c",
                301,
                by="Mo",
                level="manager",
                kind="declined",
                reason="too late",
                goodwill=goodwill(20),
            ),
            mention("5", "complaint cause-a", 310, author="x:c", email="one@example.org"),
        ],
        now_hours=320,
    ).summary
    assert tried == (
        "Ann One wrote an e-mail on 1 Nov 2026 (failed), called twice on 2 Nov (1 failed) and posted on social "
        "media twice on 13 Nov (no answer yet): “complaint cause-a”"
    )
    assert did == (
        "An automatic reply came on 1 Nov 2026, Jo Day answered on 2 Nov after 40 hours and Mo (manager) said no "
        "on 13 Nov after 1 hour because “too late” with 20 EUR for sorry. Nobody has answered again since 13 Nov."
    )
    assert promised == (
        "Promised: “we will pay within 5 days” (Jo Day, 2 Nov 2026, so by 7 Nov). "
        "An answer is due by 14 Nov 22:00 UTC."
    )


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        pytest.param(
            [by_mail("1", "complaint cause-a", 0)],
            (
                "Ann One wrote an e-mail on 1 Nov 2026 (failed, no answer yet): “complaint cause-a”",
                "Nobody has answered since 1 Nov 2026.",
                "Nothing was promised. An answer was due by 2 Nov 2026 00:00 UTC.",
            ),
            id="never answered",
        ),
        pytest.param(
            [mention("1", "praise", 0)],
            (
                "The customer said kind words on social media on 1 Nov 2026: “praise”",
                "Nobody has said thanks yet.",
                "Nothing was promised. Thanks are due by 4 Nov 2026 00:00 UTC.",
            ),
            id="praise",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                command("c", "close", "x:a", ["1"], 2, by="Jo"),
                command("d", "reopen", "x:a", ["1"], 3, by="Jo"),
            ],
            (
                "The customer posted on social media on 1 Nov 2026 (failed, no answer yet): “complaint cause-a”",
                "Jo closed it on 1 Nov 2026 and Jo opened it again on 1 Nov. Nobody has answered since 1 Nov.",
                "Nothing was promised. An answer was due by 2 Nov 2026 00:00 UTC.",
            ),
            id="closed and opened by a person",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                *(response(f"r{n}", "1", "x:a", 1 + n, by=f"P{n}") for n in range(8)),
                response("r9", "1", "x:a", 10, by="P7"),
                response("s", "1", "x:a", 11, by="P7", kind="resolved"),
            ],
            (
                "The customer posted on social media on 1 Nov 2026: “complaint cause-a”",
                MANY_STEPS,
                "Nothing was promised.",
            ),
            id="many answers",
        ),
    ],
)
def test_lines(values: Sequence[Recorded], lines: tuple[str, ...]) -> None:
    assert only_case(values).summary == lines


def test_deleted_words_never_appear() -> None:
    values: list[Recorded] = [
        mention("1", "complaint cause-a secret", 0),
        outbound("o", "we will pay the secret within 5 days", 1, "1", "x:a"),
        deletion("1", "x:a", 3),
        deletion("o", "x:a", 3),
    ]
    for order in (values, values[::-1]):
        case = only_case(order)
        assert case.summary[0] == "The customer posted on social media on 1 Nov 2026."
        assert b"secret" not in case.to_json()


def test_days_are_those_of_the_policys_zone() -> None:
    policy = read_document(Policy, DEFAULT.read_text() + "\nzone: Europe/Berlin\n", "p.yaml")
    tried, _, promised = only_case([mention("1", "complaint", 23.5)], 24, policy=policy).summary
    assert "on 2 Nov 2026" in tried
    assert promised.endswith("An answer is due by 3 Nov 2026 00:30 CET.")


def test_lines_are_bounded() -> None:
    values: list[Recorded] = []
    for number in range(30):
        channel = ("email", "phone", "social")[number % 3]
        values.append(mention(str(number), f"complaint cause-a {'w' * 500}", number * 40, channel=channel))
        values.append(
            response(f"r{number}", str(number), "x:a", number * 40 + 30, reason="r" * 900, kind="declined")
        )
    case = only_case(values)
    assert all(0 < len(line) <= MAX_LINE for line in case.summary)
    assert len(case.to_json()) <= MAX_SNAPSHOT_BYTES


@pytest.mark.parametrize(
    ("customer", "text", "advice"),
    [
        (ANN, "complaint", ("The customer prefers phone.",)),
        (ANN, "praise", ()),
        (ANN.model_copy(update={"preferred_channel": "email"}), "complaint", ()),
        (ANN.model_copy(update={"consent": {"phone": False}}), "complaint", ()),
        (ANN.model_copy(update={"preferred_channel": None}), "complaint", ()),
    ],
)
def test_advice_tells_a_channel_that_is_preferred(
    customer: Customer, text: str, advice: tuple[str, ...]
) -> None:
    case = only_case([by_mail("1", text, 0)], customer=customer)
    assert case.advice == advice
    assert case.customer is not None
    assert case.customer.consent == customer.consent
