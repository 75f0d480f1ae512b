"""YAML that people write: every problem with its line."""

from datetime import date
from typing import Annotated

import pytest
from pydantic import Field

from listener.domain.document import Document, read_document
from listener.domain.errors import UsageError


class Step(Document):
    level: str
    after: int = Field(ge=1)


class Plan(Document):
    name: str = "none"
    steps: tuple[Step, ...] = ()
    by_channel: dict[str, Step] = Field(default_factory=dict)


def problems(text: str) -> list[str]:
    with pytest.raises(UsageError) as refused:
        read_document(Plan, text, "plan.yaml")
    return str(refused.value).splitlines()


def test_a_right_document_is_read() -> None:
    plan = read_document(Plan, "name: x\nsteps:\n  - level: manager\n    after: 2\n", "plan.yaml")
    assert plan.steps[0].after == 2
    assert read_document(Plan, "", "plan.yaml") == Plan()


def test_problems_name_file_line_and_field() -> None:
    text = "name: x\nsteps:\n  - level: manager\n    after: 0\n  - levle: boss\n    after: 1\n"
    found = problems(text)
    assert found[0].startswith("plan.yaml:4: steps.0.after:")
    assert any(line.startswith("plan.yaml:5: steps.1.levle:") for line in found)
    assert any(line.startswith("plan.yaml:5: steps.1.level:") for line in found)


def test_lines_are_found_below_mappings() -> None:
    assert problems("by_channel:\n  social:\n    level: a\n    after: -1\n")[0].startswith(
        "plan.yaml:4: by_channel.social.after:"
    )


def test_what_is_not_yaml_or_not_a_mapping_is_told() -> None:
    assert problems("name: [x\n")[0].startswith("plan.yaml:2: not YAML")
    assert problems("- a\n- b\n")[0].startswith("plan.yaml:1: a mapping")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
            "too large",
        ),
        ("name: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("steps: &s [*s]", "nested too deeply"),
        ("steps: &s {<<: *s}", "nested too deeply"),
    ],
)
def test_a_few_lines_that_stand_for_endless_ones_are_refused(text: str, told: str) -> None:
    [problem] = problems(text)
    assert told in problem


def test_aliases_are_taken() -> None:
    plan = read_document(Plan, "steps: [&a {level: x, after: 2}, *a]", "plan.yaml")
    assert plan.steps[0] == plan.steps[1]


def test_a_key_that_stands_twice_is_told() -> None:
    assert problems("name: a\nname: b\n")[0] == "plan.yaml:2: name: this key stands twice"


class Shop(Document):
    """A list in which something may be wrong."""

    items: tuple[Annotated[int, Field(gt=0)], ...] = Field(min_length=1)
    since: date | None = None


@pytest.mark.parametrize("scalar", ["2026-02-30", "2026-13-01", "0b_"])
def test_what_looks_like_a_value_and_is_none_is_told_with_its_line(scalar: str) -> None:
    with pytest.raises(UsageError, match=r"^s\.yaml:3: not YAML: "):
        read_document(Shop, f"items:\n  - 1\nsince: {scalar}\n", "s.yaml")


def test_a_list_is_not_too_short_because_of_a_wrong_item() -> None:
    with pytest.raises(UsageError) as refused:
        read_document(Shop, "items:\n  - 0\n", "s.yaml")
    assert str(refused.value) == "s.yaml:2: items.0: Input should be greater than 0"
    with pytest.raises(UsageError, match=r"^s\.yaml:1: items: Tuple should have at least 1 item"):
        read_document(Shop, "items: []\n", "s.yaml")
