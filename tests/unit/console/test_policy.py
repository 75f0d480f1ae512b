from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from console_client import ANALYST, NOW, VIEWER, Browser
from listener.console.policy import MOST_BYTES, Change, Decision, Moved, Trial, policy_section
from listener.console.policy_words import rules_of
from listener.domain.errors import UsageError
from listener.domain.governance import ConfigInForce
from stream.triage.policy import SHIPPED, as_yaml, policy_of, read_policy

HOSTILE = "</textarea><script>alert(1)</script>"


def in_force(name: str = "retail-bank") -> dict[str, ConfigInForce]:
    policy = read_policy(SHIPPED[name])
    return {
        "policy": ConfigInForce(
            name="policy",
            hash=policy.hash,
            content=policy.model_dump(mode="json"),
            at=NOW - timedelta(days=9),
        ),
        "taxonomy": ConfigInForce(name="taxonomy", hash="t1", content={"nodes": []}, at=NOW),
    }


@dataclass
class ToldPolicies:
    """What is in force as told; remembers what was tried, and refuses what is no policy."""

    configs: dict[str, ConfigInForce] = field(default_factory=in_force)
    tried: list[str] = field(default_factory=list)

    def in_force(self) -> Mapping[str, ConfigInForce]:
        return self.configs

    def as_yaml(self, content: Mapping[str, Any]) -> str:
        return as_yaml(policy_of(content))

    def examples(self) -> Mapping[str, str]:
        return {"airline": "name: airline\n"}

    def attempt(self, text: str) -> Trial:
        if "queues" not in text:
            raise UsageError("policy:1: queues: Field required\npolicy:3: priority: Field required")
        self.tried.append(text)
        before = Decision("complaints", "front_line", "nobody", 50, NOW)
        after = before.__class__("money", "front_line", "finance", 50, NOW)
        group = {"what": "queue", "name": "money"} | {
            f"{what}_{side}": number
            for what in ("cases", "waiting", "overdue")
            for number, side in enumerate("ab")
        }
        return Trial(
            "other",
            "h2",
            "retail-bank",
            "h1",
            5000,
            1200,
            2,
            [Change("case-1", before, after), Change("case-2", None, after)],
            [Moved("queue complaints → money", 2)],
            [group],
        )


@pytest.fixture
def policies() -> ToldPolicies:
    return ToldPolicies()


@pytest.fixture
def browser(policies: ToldPolicies) -> Browser:
    return Browser(policy_section(policies), person=ANALYST)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_is_in_force_can_be_read(browser: Browser, policies: ToldPolicies, name: str) -> None:
    policies.configs = in_force(name)
    policy = policies.configs["policy"]
    page = browser.get("/policy").text
    assert policy.hash in page
    assert "2026-02-20T12:00:00Z" in page
    for queue in policy.content["queues"]:
        assert queue["name"] in page
    for clock in policy.content["regulatory_clocks"]:
        assert clock["url"] in page
    assert "t1" in page


def test_whose_views_of_the_queue_are_kept_is_not_shown(browser: Browser, policies: ToldPolicies) -> None:
    name = "console.views.Kim Agent"
    policies.configs[name] = ConfigInForce(name=name, hash="v1", content={"views": []}, at=NOW)
    page = browser.get("/policy").text
    assert "taxonomy" in page
    assert "Kim Agent" not in page


def test_rules_in_words() -> None:
    rules = rules_of(in_force("airline")["policy"].content)
    words = " ".join(rules.escalation)
    assert "After 1 failed contact: manager, owned by customer-relations-manager." in words
    assert "The manager level has baggage-manager (lost-baggage), customer-relations-manager." in words
    rules = rules_of(in_force()["policy"].content)
    fraud = rules.queues[0]
    assert fraud.takes == "is a complaint, a request or a question, about privacy or card.fraud"
    assert fraud.first == "1 h; phone 0.25 h; letter 24 h"
    assert fraud.owner == "fraud-desk, however far up"
    assert dict(rules.calendars)["contact-centre"] == (
        "Monday to Friday 08:00-20:00; Saturday 09:00-17:00; closed on public holidays of GB-ENG; "
        "2 days with other hours (Europe/London)"
    )
    stages = rules.clocks[0].stages
    assert stages[0] == "within 24 hours or 1 business day, the later: saying that it was received"
    assert dict(rules.others)["Warning"] == "when 75% of a time have passed"


def test_before_a_worker_has_started_the_page_says_what_to_do(
    browser: Browser, policies: ToldPolicies
) -> None:
    policies.configs = {}
    assert "listener stream" in browser.get("/policy").text


def test_a_policy_is_tried_from_what_is_in_force(browser: Browser, policies: ToldPolicies) -> None:
    assert "name: retail-bank" in browser.get("/policy/try").text
    assert "name: airline" in browser.get("/policy/try?from=airline").text
    page = browser.post("/policy/try", {"policy": "name: other\r\nqueues: []\r\n"}).text
    assert policies.tried == ["name: other\nqueues: []\n"]
    assert "2 of 1\u202f200 cases would be decided otherwise" in page
    assert 'href="/cases/case-1"' in page
    assert "<strong>money</strong>" in page
    assert "no such case" in page
    assert "name: other" in page, "what was tried stands there still"


def test_a_file_is_taken_before_what_is_typed(browser: Browser, policies: ToldPolicies) -> None:
    file = {"file": ("p.yaml", b"\xef\xbb\xbfqueues: []\n", "text/yaml")}
    assert browser.post("/policy/try", {"policy": "typed"}, files=file).status_code == 200
    assert policies.tried == ["queues: []\n"]
    wrong = {"file": ("p.yaml", b"\xff\xfe", "text/yaml")}
    assert "not UTF-8" in browser.post("/policy/try", {"policy": ""}, files=wrong).text
    large = {"file": ("p.yaml", b"#" * (MOST_BYTES + 1), "text/yaml")}
    assert browser.post("/policy/try", {"policy": ""}, files=large).status_code == 422
    typed = {"policy": "queues: []\n#" + "x" * MOST_BYTES}
    assert browser.post("/policy/try", typed).status_code == 422
    assert len(policies.tried) == 1


def test_each_problem_is_told_with_its_line(browser: Browser) -> None:
    answer = browser.post("/policy/try", {"policy": f"name: {HOSTILE}"})
    assert answer.status_code == 422
    assert "policy:1: queues: Field required" in answer.text
    assert "policy:3: priority: Field required" in answer.text
    assert HOSTILE not in answer.text
    assert "&lt;/textarea&gt;" in answer.text


def test_a_viewer_reads_and_does_not_try(browser: Browser) -> None:
    browser.before.sits = VIEWER
    assert "/policy/try" not in browser.get("/policy").text
    assert browser.get("/policy/try").status_code == 403
    assert browser.post("/policy/try", {"policy": "queues"}).status_code == 403
