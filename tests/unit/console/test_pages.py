"""How pages write what others wrote."""

from datetime import UTC, datetime

import pytest

from listener.console.pages import environment, moments_apart

AT = datetime(2026, 11, 24, 22, 54, 5, 331000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("due at 2026-11-24T22:54:05.331Z and late", ["due at ", AT, " and late"]),
        ("nothing of the kind", ["nothing of the kind"]),
        ("since 2026-13-40T22:54:05Z", ["since ", "2026-13-40T22:54:05Z", ""]),
    ],
)
def test_moments_in_a_text_are_moments(text: str, parts: list[str | datetime]) -> None:
    assert moments_apart(text) == parts


def test_the_words_between_stay_words() -> None:
    template = environment().from_string('{% import "parts.html" as parts %}{{ parts.told(text) }}')
    shown = template.render(text="<b>due</b> 2026-11-24T22:54:05.331Z")
    assert shown.startswith('&lt;b&gt;due&lt;/b&gt; <time datetime="2026-11-24T22:54:05Z"')
