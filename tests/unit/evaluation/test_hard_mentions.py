"""The page of hard mentions says what the steps say."""

from pathlib import Path

import pytest

from listener.evaluation.hard_mentions import hard_mentions, main

ROOT = Path(__file__).parents[3]
KNOWN_TO_DIFFER = {"polite complaint", "negative words that complain of nothing"}


def test_the_page_is_what_the_steps_say(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    made = capsys.readouterr().out
    assert made == (ROOT / "docs/enrichment-examples.md").read_text(encoding="utf-8"), (
        "run python -m listener.evaluation.hard_mentions > docs/enrichment-examples.md"
    )
    told = made.split("\n## ")[1:]
    differing = {given.why for given, part in zip(hard_mentions(), told, strict=True) if "Differs" in part}
    assert differing == KNOWN_TO_DIFFER


def test_there_are_thirty_six() -> None:
    assert len({given.text for given in hard_mentions()}) == 36
