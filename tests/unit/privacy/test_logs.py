"""Ids in logs are overwritten where they stand, whole ids alone, and nothing moves."""

from pathlib import Path

from listener.privacy.logs import lines, mask

LOG = "INFO mention_id=net:1 stage=ledger\nINFO mention_id=net:12 stage=ledger\nkey net:ann, net:anna\n"


def test_only_these_ids_are_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "worker-1.log"
    path.write_text(LOG)
    assert [line for _, line in lines(tmp_path, {"net:1", "net:ann"})] == [
        "INFO mention_id=net:1 stage=ledger",
        "key net:ann, net:anna",
    ]
    assert mask(tmp_path, {"net:1", "net:ann"}) == 2
    assert path.read_text() == LOG.replace("net:1 ", "***** ").replace("net:ann,", "*******,")
    assert not list(lines(tmp_path, {"net:1", "net:ann"}))


def test_ids_of_others_that_begin_alike_stay(tmp_path: Path) -> None:
    path = tmp_path / "worker-1.log"
    path.write_text("net:ann.smith mail:ann@example.org.uk net:ann:2 net:ann/2 net:ann. net:ann: gone\n")
    assert mask(tmp_path, {"net:ann", "mail:ann@example.org"}) == 2
    assert path.read_text() == (
        "net:ann.smith mail:ann@example.org.uk net:ann:2 net:ann/2 *******. *******: gone\n"
    )


def test_who_writes_on_is_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "sink.log"
    path.write_text("one net:1\n")
    with path.open("a") as writer:
        mask(tmp_path, {"net:1"})
        writer.write("two\n")
    assert path.read_text() == "one *****\ntwo\n"


def test_no_names_and_no_logs_are_nothing(tmp_path: Path) -> None:
    assert mask(tmp_path, set()) == 0
    assert mask(tmp_path / "none", {"net:1"}) == 0
