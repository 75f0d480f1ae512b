"""A policy is validated whole; each problem is told with its line."""

from pathlib import Path

import pytest

from listener.domain.document import read_document
from listener.domain.errors import UsageError
from stream.triage.policy import (
    DEFAULT,
    SHIPPED,
    Policy,
    as_yaml,
    default_policy,
    policy_of,
    read_policy,
)

TEXT = DEFAULT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("window_days: 14", "window_days: soon", "window_days: Input should be a valid number"),
        ("per_failure: 8", "followers: 8", "priority.followers: Extra inputs are not permitted"),
        ("severities: [safety]", "severities: [shouting]", "queues.0.severities.0: Input should be"),
        (
            "response_target_hours: 8",
            "response_target_hours: {social: 1}",
            "the channels that are not named need a default",
        ),
        (
            "  - name: unclear",
            "  - name: unclear\n    needs: [unsure]",
            "the last queue must have no conditions",
        ),
        ("name: legal", "name: safety", "two queues are called safety"),
        ("    needs: [praise]\n", "", "praise has no conditions"),
        ("failures: 0", "failures: 1", "the first step is for no failures"),
        ("failures: 3", "failures: 1", "each step needs more failures"),
        ("level: executive", "level: front_line", "more failures cannot lead to a lower level"),
        ("praise: 10", "", "say what these count, too: praise"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_line(right: str, wrong: str, told: str) -> None:
    assert right in TEXT
    with pytest.raises(UsageError, match=r"^p\.yaml:\d+: ") as refused:
        read_document(Policy, TEXT.replace(right, wrong, 1), "p.yaml")
    assert told in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read: No such file"):
        read_policy(tmp_path / "none.yaml")


def test_a_node_stands_for_what_is_below_it() -> None:
    text = TEXT.replace("    needs: [complaint]\n", "    needs: [complaint]\n    causes: [delay]\n")
    policy = read_document(Policy, text, "p.yaml")
    for cause, queue in (("delay", "complaints"), ("delay.weather", "complaints"), ("delays", "unclear")):
        assert policy.queue_for("complaint", frozenset(), cause).name == queue


def test_the_hash_stands_for_the_content() -> None:
    assert default_policy().hash == read_document(Policy, TEXT + "\n# a remark\n", "p.yaml").hash
    assert default_policy().hash != read_document(Policy, TEXT.replace("14", "15"), "p.yaml").hash


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_comes_back_from_the_topic_and_as_yaml(name: str) -> None:
    policy = read_policy(SHIPPED[name])
    assert policy_of(policy.model_dump(mode="json")).hash == policy.hash
    written = as_yaml(policy)
    assert written.startswith(f"name: {name}")
    assert read_document(Policy, written, name).hash == policy.hash


def test_a_policy_of_another_version_is_told() -> None:
    with pytest.raises(UsageError, match="the policy in force cannot be read: queues: Field required"):
        policy_of({"name": "other", "priority": {"needs": {}}})
