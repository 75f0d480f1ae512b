from listener.connectors.kinds import MODULES
from listener.console_sources import PAGE_OF
from listener.manual import has_page, manual_page


def test_every_kind_of_source_has_its_page() -> None:
    for kind in (*MODULES, "form", "staff-form", "webhook"):
        assert has_page(PAGE_OF.get(kind, kind)), kind


def test_a_page_is_html_whose_links_lead_somewhere() -> None:
    shown = manual_page("feedback-form") or ""
    assert "<h1>" in shown
    assert "<table>" in shown
    assert 'href="/sources/manual/' in shown
    assert 'href="../' not in shown
    assert "<script" not in shown


def test_there_is_no_other_page() -> None:
    for name in ("nothing", "../index", "", "a" * 50):
        assert manual_page(name) is None
