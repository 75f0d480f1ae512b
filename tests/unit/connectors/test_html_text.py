import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.html_text import text_of_html


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (
            "<p>Two days<br>without   power.</p><p>Nobody answers.</p>",
            "Two days\nwithout power.\nNobody answers.",
        ),
        ("caf&eacute; &amp; bar &#8212; 5 &lt; 6", "café & bar — 5 < 6"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("a<script>alert('x')</script>b<style>p{}</style>c", "abc"),
        ("a<SCRIPT src=x>alert(1)</SCRIPT >b", "ab"),
        ("before<!-- not read <b> -->after<!-- never closed", "beforeafter"),
        ('see <img src="x" alt="a broken router"> here', "see a broken router here"),
        ("a<svg/>b <b>never closed", "ab never closed"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("nul\x00 bell\x07 \ud800!", "nul bell ?!"),
        ("cut off in a <a href='", "cut off in a"),
    ],
)
def test_reads_as_a_person_would(markup: str, text: str) -> None:
    assert text_of_html(markup) == text


@given(st.text(alphabet="<>/!-'\"=& ascriptlbmg;#x\n"))
def test_any_text_gives_encodable_text_without_script(markup: str) -> None:
    text_of_html(markup).encode()
    assert "secret" not in text_of_html(f"{markup.replace('<', '')}<script>secret</script>")


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<a ", "</", "<?", '<a href="', "<img alt='", "<svg>", "<p>", " \n"]
)
def test_hostile_markup_costs_little(piece: str) -> None:
    started = time.process_time()
    text_of_html(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 8
