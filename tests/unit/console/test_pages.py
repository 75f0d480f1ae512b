"""How pages write what others wrote."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.console.pages import HERE, environment, moments_apart

TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE
)
DATA = '<script type="application/json">{{ one.spec|tojson }}'
"""What is no script to a browser; `tojson` leaves nothing in it that ends it."""
UNESCAPED = re.compile(r"%\s*autoescape|\|\s*safe")
SAFE = {"queue.html": 2, "manual.html": 1}
"""Template to how often it marks something as safe: a constant, and a page of the manual."""
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


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_has_what_the_policy_of_the_page_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert INLINE.findall(text.replace(DATA, "")) == [], (
        "browsers run and style nothing that stands in the page"
    )
    assert len(UNESCAPED.findall(text)) == SAFE.get(template.name, 0)


def test_what_would_be_forbidden_is_found() -> None:
    for wrong in (
        '<b style="x">',
        "<b onclick=x>",
        "<script>x</script>",
        '<script type="module">',
        "<style>",
    ):
        assert INLINE.search(wrong), wrong
    assert UNESCAPED.search("{{ name|safe }}")
