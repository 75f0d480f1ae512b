"""Kinds of sources: ours, those of other packages, and those whose package is missing."""

from importlib.metadata import EntryPoint

import pytest

from listener.connectors import kinds, rss
from listener.domain.errors import UsageError


def test_ours_are_made_by_their_module() -> None:
    assert kinds.is_read("rss")
    assert kinds.builder("rss") is rss.build
    assert not kinds.is_read("form")


def test_another_package_brings_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("guestbook", "listener.connectors.rss:build", kinds.GROUP)
    monkeypatch.setattr(kinds, "brought", lambda group: {"guestbook": point})
    assert kinds.is_read("guestbook")
    assert kinds.builder("guestbook") is rss.build
    assert "guestbook" in kinds.known()


def test_an_unknown_kind_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"fax: no such kind .* rss"):
        kinds.builder("fax")


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.MODULES, "carrier-pigeon", "no_such_package_here.connector")
    monkeypatch.setitem(kinds.EXTRAS, "carrier-pigeon", "pigeons")
    with pytest.raises(UsageError, match=r"needs no_such_package_here: pip install 'listener\[pigeons\]'"):
        kinds.builder("carrier-pigeon")
