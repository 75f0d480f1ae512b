"""The logs of a whole run: each mention's id all along its way, and nothing of what people wrote."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from fakes.feed_server import FeedServer, atom_feed, serving
from fixtures_installation import Installation
from listener.chaos.installation import wait_until
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

CONFIG = """\
log_mentions: true
sources:
  help-forum:
    kind: rss
    url: {url}?token=feed-token-1
    poll_seconds: 1
  gone:
    kind: rss
    url: http://someone:feed-password-2@127.0.0.1:1/feed
    poll_seconds: 1
"""
CUSTOMERS = "customer_id,name,email,phone\nC-7,Ben Miller,ben.miller@example.test,+442079460018\n"
MENTIONS = """\
id,who,when,what,email,phone
1,ann,2026-01-05T09:00:00Z,"The purple umbrella never arrived, I want a refund",ann.secret@example.test,
2,ben,2026-01-05T10:00:00Z,"Purple umbrella is broken, this is a scam",ben.miller@example.test,+442079460018
3,cat,not a time,"Purple umbrella is late",cat.secret@example.test,
"""
MAPPING = [
    *("--source", "shop", "--map", "id=id", "--map", "author=who", "--map", "occurred_at=when"),
    *("--map", "text=what", "--map", "email=email", "--map", "phone=phone"),
]
POISON = [b'{"text": "purple umbrella', b'{"kind": "mention", "text": "purple umbrella", "email": 5}']
SAID_IN_THE_FORM = "I have waited for my purple umbrella for weeks, call me on +44 20 7946 0999"
NOT_IN_A_LOG = (
    *("purple", "umbrella", "secret@example", "ben.miller@", "Ben Miller", "79460018", "7946 0018"),
    *("7946 0999", "79460999", "post 1", "feed-token-1", "feed-password-2", "form.secret@"),
)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as made:
        made.body = atom_feed(1)
        yield made


def logs(up: Installation) -> dict[str, str]:
    """Every log of the run by its name: those of all processes, of Kafka and of ClickHouse."""
    directories = [up.data_dir / "log", up.data_dir / "kafka" / "log", up.data_dir / "clickhouse" / "log"]
    files = [path for directory in directories for path in directory.glob("*.log*")]
    return {path.name: path.read_text(errors="replace") for path in [*files, up.log]}


def test_each_mentions_id_and_nothing_of_what_people_wrote(
    new_installation: Callable[..., Installation], server: FeedServer, tmp_path: Path
) -> None:
    config = tmp_path / "listener.yaml"
    config.write_text(CONFIG.format(url=server.url))
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "mentions.csv").write_text(MENTIONS)
    up = new_installation("--no-simulate", "--config", str(config))
    up.run("customers", "import", str(tmp_path / "customers.csv"))
    importing = up.begin("import", str(tmp_path / "mentions.csv"), *MAPPING, "--config", str(config))
    _, import_log = importing.communicate(timeout=120)
    with Publisher(up.kafka, client_id="test") as publisher:
        for value in POISON:
            publisher.publish("mentions.raw", "test:poison", value)
        publisher.flush()
    sent = {"message": SAID_IN_THE_FORM, "name": "Dora", "contact": "form.secret@example.test"}
    answer = httpx.post(f"http://127.0.0.1:{up.ports['--form-port']}/feedback", json=sent, timeout=60)
    receipt = answer.json()["receipt"]
    up.run("link", "confirm", "shop:ann", "C-7", "--by", "K", "--evidence", "purple umbrella")
    feed_trail = "stage=clickhouse mention_id=rss:"
    wait_until(lambda: feed_trail in logs(up)["sink-clickhouse.log"], 120, up.said)
    up.signal(signal.SIGKILL, "listener", "stream")  # what is told of an end, and of a start after it
    up.wait_idle()
    written = logs(up) | {"import": import_log}
    passwords = (up.data_dir / "clickhouse.passwords").read_text().split()

    # Step 1: nothing that is nobody's business
    assert {
        "worker-1.log",
        "sink-clickhouse.log",
        "form.log",
        "connectors.log",
        "kafka.log",
    } <= written.keys()
    for name, text in written.items():
        for secret in (*NOT_IN_A_LOG, *passwords):
            assert secret not in text, f"{name} has {secret}"

    # Step 2: the way of each mention
    of_the_feed = written["connectors.log"].partition("stage=connector mention_id=")[2].split()[0]
    ways = {
        "shop:2": [("import", "import"), ("worker-1.log", "ledger"), ("worker-1.log", "triage")],
        f"form:{receipt}": [("form.log", "form"), ("worker-1.log", "ledger"), ("worker-1.log", "triage")],
        of_the_feed: [
            ("connectors.log", "connector"),
            ("worker-1.log", "ledger"),
            ("worker-1.log", "triage"),
        ],
    }
    for mention_id, way in ways.items():
        for name, stage in [*way, ("sink-clickhouse.log", "clickhouse")]:
            assert f"stage={stage} mention_id={mention_id} " in written[name], f"{name}: {mention_id}"
    stored = written["sink-clickhouse.log"]
    assert f"mention_id=form:{receipt} topic=triage case_id=K-" in stored

    # Step 3: the source that cannot be read is told, with an address that everybody may know
    assert "source=gone busy" in written["connectors.log"]
    assert "http://127.0.0.1:1/feed: ConnectError" in written["connectors.log"]
