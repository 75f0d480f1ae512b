from collections.abc import Sequence
from typing import Any

from console_client import NOW, VIEWER, Browser
from listener.console.sources import SourceDesk, SourceNow, sources_section

HOSTILE = '"><script>alert(1)</script>'


def source(name: str, **changes: Any) -> SourceNow:
    fields: dict[str, Any] = {
        "name": name,
        "kind": "rss",
        "state": "well",
        "why": None,
        "heard_at": NOW,
        "read_at": None,
        "last_hour": 1,
        "last_day": 2,
        "total": 12345,
        "dead": 0,
        "silence_hours": 6.0,
        "lawful_basis": None,
        "page": "rss",
    }
    return SourceNow(**fields | changes)


class Desk:
    """Sources that remember who let them go on."""

    def __init__(self, *sources: SourceNow) -> None:
        self.resumed: list[tuple[str, str]] = []
        self._sources = sources

    def sources(self) -> Sequence[SourceNow]:
        return self._sources

    def resume(self, name: str, by: str) -> int:
        paused = any(one.name == name and one.state == "paused" for one in self._sources)
        self.resumed += [(name, by)] * paused
        return int(paused)

    def section(self) -> SourceDesk:
        return SourceDesk(self.sources, self.resume, lambda name: "<h1>RSS</h1>" if name == "rss" else None)


def test_each_source_with_its_state() -> None:
    desk = Desk(source("forum"), source(HOSTILE, state="silent", why=HOSTILE, page=None))
    shown = Browser(sources_section(desk.section())).get("/sources").text
    assert "12\u202f345" in shown
    assert 'href="/sources/manual/rss"' in shown
    assert "<script>alert" not in shown


def test_an_admin_lets_a_paused_source_go_on() -> None:
    desk = Desk(source("forum", state="paused", why="40 dead letters"))
    browser = Browser(sources_section(desk.section()))
    assert browser.post("/sources/resume", {"source": "forum"}).headers["location"] == "/sources?resumed=1"
    assert desk.resumed == [("forum", "Ana Admin")]
    assert browser.post("/sources/resume", {"source": "other"}).status_code == 409
    browser.before.sits = VIEWER
    assert "Let it go on" not in browser.get("/sources").text
    assert browser.post("/sources/resume", {"source": "forum"}).status_code == 403


def test_without_any_it_says_what_to_do() -> None:
    assert "listener import" in Browser(sources_section(Desk().section())).get("/sources").text


def test_the_manual() -> None:
    browser = Browser(sources_section(Desk().section()))
    assert "<h1>RSS</h1>" in browser.get("/sources/manual/rss").text
    assert browser.get("/sources/manual/other").status_code == 404
