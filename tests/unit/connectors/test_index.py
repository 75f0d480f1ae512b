"""Who is answered is found by following the thread up to the customer."""

from datetime import UTC, datetime

from listener.connectors.index import ENTRY_BYTES, Awaits, Contact, Index, Known, index_entry, read_index

SAID_AT = datetime(2026, 3, 1, tzinfo=UTC)


class _Record:
    def __init__(self, key: str, value: bytes | None) -> None:
        self.key = key.encode()
        self.value = value


def _index(**known: Known) -> Index:
    index = Index()
    for mention_id, what in known.items():
        index.put(mention_id, what)
    return index


def test_a_reply_to_a_customer_answers_that_contact() -> None:
    index = _index(m1=Known("ann", False, None))
    assert index.contact("m1") == Contact("m1", "ann")


def test_a_reply_to_the_companys_own_words_is_followed_up() -> None:
    index = _index(m1=Known("ann", False, None), m2=Known("ann", True, "m1"), m3=Known("ann", True, "m2"))
    assert index.contact("m3") == Contact("m1", "ann")


def test_the_first_gap_is_what_is_awaited() -> None:
    index = _index(m3=Known("brand", True, "m2"))
    assert index.contact("m3") == Awaits("m2")
    assert index.contact("m9") == Awaits("m9")


def test_a_thread_that_the_company_began_answers_nobody() -> None:
    assert _index(m1=Known("brand", True, None)).contact("m1") is None


def test_a_loop_of_answers_ends() -> None:
    index = _index(m1=Known("brand", True, "m2"), m2=Known("brand", True, "m1"))
    assert index.contact("m1") is None


def test_the_oldest_is_forgotten_beyond_the_limit() -> None:
    index = Index(limit=2)
    for n in range(3):
        index.put(f"m{n}", Known("ann", False, None))
    assert [name for name, _ in index.items()] == ["m1", "m2"]


def test_only_its_own_kind_is_read_and_tombstones_forget() -> None:
    known = Known("twitter:ann", False, None)
    records = [
        _Record("twitter:1", index_entry("twitter:1", known, SAID_AT).to_json()),
        _Record("twitterx:1", index_entry("twitterx:1", known, SAID_AT).to_json()),
        _Record(
            "twitter:2", index_entry("twitter:2", Known("twitter:a", True, "twitter:1"), SAID_AT).to_json()
        ),
        _Record("twitter:3", index_entry("twitter:3", known, SAID_AT).to_json()),
        _Record("twitter:3", None),
    ]
    index = read_index(records, "twitter")
    assert dict(index.items()) == {"twitter:1": known, "twitter:2": Known("twitter:a", True, "twitter:1")}


def test_the_oldest_are_forgotten_where_ids_take_too_much_memory() -> None:
    index = Index(max_bytes=2 * (ENTRY_BYTES + 1000) + 100)
    for n in range(3):
        index.put(f"m{n}", Known("a" * 1000, False, None))
    assert [name for name, _ in index.items()] == ["m1", "m2"]
    index.put("m2", Known("ann", False, None))
    index.put("m3", Known("ann", False, None))
    assert [name for name, _ in index.items()] == ["m1", "m2", "m3"], (
        "what is replaced takes no room any more"
    )
