"""`listener import` as a user runs it, against a real Kafka: figures, keys, dead letters, kills."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.domain.connector_state import Cursor
from listener.domain.dead_letter import DeadLetter
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import ALL, BACKFILL, CURSORS, CUSTOMERS, DEAD, RAW
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole

pytestmark = pytest.mark.kafka

WAIT_SECONDS = 120
MAPS = ["--map", "id=id", "--map", "text=text", "--map", "author=who", "--map", "occurred_at=at"]
THREADS = ["--map", "inbound=inbound", "--map", "reply_to=reply"]
TWEETS = ["--map", "id=tweet_id", "--map", "text=text"]
AIRLINE = [*TWEETS, "--map", "author=name", "--map", "occurred_at=tweet_created"]
TWCS = [
    *TWEETS,
    *("--map", "author=author_id", "--map", "occurred_at=created_at"),
    *("--map", "inbound=inbound", "--map", "reply_to=in_response_to_tweet_id"),
]


def _with_topics(server: KafkaServer) -> KafkaConnection:
    connection = KafkaConnection(server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan(ALL, 3, 1, {}))
    return connection


@pytest.fixture(scope="module")
def kafka(kafka_server: KafkaServer) -> KafkaConnection:
    return _with_topics(kafka_server)


@pytest.fixture
def source(topic_prefix: str) -> str:
    """A name, and so a kind, of this test's own on the broker that all tests share."""
    return topic_prefix.rstrip(".")


def _start(kafka: KafkaConnection, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "listener", *map(str, arguments)],
        env=os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(kafka: KafkaConnection, *arguments: object) -> tuple[int, str, str]:
    process = _start(kafka, *arguments)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, out, err


def _import(kafka: KafkaConnection, path: Path, source: str, *options: str) -> dict[str, int]:
    """Runs an import to its end; its figures."""
    code, out, err = _run(kafka, "import", path, "--source", source, *options)
    assert (code, err if code else "") == (0, "")
    return _figures(out)


def _figures(out: str) -> dict[str, int]:
    return {name: int(figure) for name, figure in re.findall(r"(\w+)=(\d+)", out)}


def _published(kafka: KafkaConnection, source: str, topic: str = BACKFILL.name) -> list[tuple[str, Mention]]:
    """Key and mention of everything that this source has published."""
    found = []
    for record in read_whole(kafka, topic):
        value = read_raw(record.value or b"")
        if isinstance(value, Mention) and value.source == source:
            found.append(((record.key or b"").decode(), value))
    return found


def _dead(kafka: KafkaConnection, source: str) -> list[tuple[DeadLetter, bytes]]:
    letters = [(DeadLetter.from_headers(r.headers), r.value or b"") for r in read_whole(kafka, DEAD.name)]
    return sorted(
        (found for found in letters if found[0].source == source), key=lambda found: found[0].origin
    )


def _cursor_rows(kafka: KafkaConnection, source: str) -> int:
    rows = 0
    for record in read_whole(kafka, CURSORS.name):
        if record.key is not None and record.key.startswith(f"{source} import ".encode()) and record.value:
            rows = int(Cursor.read(record.value).position["rows"])
    return rows


def _wait(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _threads_csv(path: Path, count: int) -> dict[str, str]:
    """Customers and answers, most answers first; returns native id to the author under whom it belongs."""
    keys: dict[str, str] = {}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "who", "at", "inbound", "reply"])
        for number in range(0, count, 3):
            answer, contact, alone = str(number), str(number + 1), str(number + 2)
            writer.writerow(
                [answer, "sorry,\nreally", "brand", "2026-01-02T00:00:00Z", "False", f"{contact}.0"]
            )
            writer.writerow(
                [contact, 'it is "broken"', f"u{number % 50}", "2026-01-01T00:00:00Z", "True", ""]
            )
            writer.writerow([alone, "hello?", "brand", "2026-01-03T00:00:00Z", "False", f"{count + number}"])
            keys |= {answer: f"u{number % 50}", contact: f"u{number % 50}", alone: "brand"}
    return keys


def _assert_complete(found: Sequence[tuple[str, Mention]], keys: dict[str, str], kind: str) -> None:
    assert {mention.native_id for _, mention in found} == set(keys)
    for key, mention in found:
        assert key == f"{kind}:{keys[mention.native_id]}"


def test_figures_keys_and_times(kafka: KafkaConnection, source: str, tmp_path: Path) -> None:
    path = tmp_path / "threads.csv"
    keys = _threads_csv(path, 30)
    assert _import(kafka, path, source, *MAPS, *THREADS) == {
        "rows": 30,
        "published": 30,
        "rejected": 0,
        "repeats": 0,
        "unlinked": 10,
    }
    found = _published(kafka, source)
    _assert_complete(found, keys, source)
    answer = next(mention for _, mention in found if mention.native_id == "0")
    assert (answer.answers, answer.direction, answer.historical) == (f"{source}:1", "outbound", True)
    assert answer.occurred_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert answer.text == "sorry,\nreally"


def test_live_mentions_of_another_kind_and_channel(
    kafka: KafkaConnection, source: str, tmp_path: Path
) -> None:
    path = tmp_path / "reviews.jsonl"
    row = {"id": 1, "text": "fine", "at": "01.02.2026 10:00", "user": {"id": 7}, "stars": 4}
    path.write_text(json.dumps(row) + "\n")
    options = ["--kind", "shop", "--live", "--zone", "Europe/Berlin", "--set", "channel=review"]
    maps = ["id=id", "text=text", "occurred_at=at", "author=user.id", "rating=stars:4=0.75,5=1"]
    _import(kafka, path, source, *options, *(word for option in maps for word in ("--map", option)))
    assert _published(kafka, source) == []
    [(key, mention)] = _published(kafka, source, RAW.name)
    assert (key, mention.mention_id, mention.channel, mention.rating) == ("shop:7", "shop:1", "review", 0.75)
    assert mention.occurred_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert not mention.historical


def test_every_bad_row_is_a_dead_letter_with_its_line(
    kafka: KafkaConnection, source: str, tmp_path: Path
) -> None:
    path = tmp_path / "dirty.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid,text,who,at\r\n"
        b'1,"two\nlines",ann,2026-01-01T00:00:00Z\r\n'
        b"2,\xff\xfe,ann,2026-01-01T00:00:00Z\r\n"
        b"3,short\r\n"
        b"1,other text,ann,2026-01-01T00:00:00Z\r\n"
        b'4,"never\nwritten",bob,tomorrow\r\n'
        b",no id,bob,2026-01-01T00:00:00Z\r\n"
        b"5,good,bob,2026-01-01T00:00:00Z"
    )
    code, out, err = _run(kafka, "import", path, "--source", source, *MAPS)
    assert code == 0
    assert _figures(out) == {"rows": 7, "published": 2, "rejected": 4, "repeats": 1, "unlinked": 0}
    assert "1 of the repeats have another text" in err
    assert "4 rows are in the topic mentions.dead" in err
    assert [(letter.origin, letter.reason, original) for letter, original in _dead(kafka, source)] == [
        (f"{path}:4", "not-utf8", b"2,\xff\xfe,ann,2026-01-01T00:00:00Z"),
        (f"{path}:5", "ragged-row", b"3,short"),
        (f"{path}:7", "invalid", b'4,"never\nwritten",bob,tomorrow'),
        (f"{path}:9", "invalid", b",no id,bob,2026-01-01T00:00:00Z"),
    ]


def test_a_finished_import_publishes_all_again(kafka: KafkaConnection, source: str, tmp_path: Path) -> None:
    path = tmp_path / "threads.csv"
    keys = _threads_csv(path, 30)
    first = _import(kafka, path, source, *MAPS, *THREADS)
    assert _import(kafka, path, source, *MAPS, *THREADS) == first
    found = _published(kafka, source)
    assert len(found) == 60
    _assert_complete(found, keys, source)


def test_killed_again_and_again(kafka: KafkaConnection, source: str, tmp_path: Path) -> None:
    path = tmp_path / "threads.csv"
    keys = _threads_csv(path, 15_000)
    arguments = ["import", path, "--source", source, *MAPS, *THREADS]
    for rows in (2000, 6000, 11_000):
        process = _start(kafka, *arguments)
        _wait(lambda rows=rows: _cursor_rows(kafka, source) >= rows)  # type: ignore[misc]  # bound on purpose
        process.kill()
        process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == -signal.SIGKILL
    assert _cursor_rows(kafka, source) < 15_000
    code, out, err = _run(kafka, *arguments)
    assert code == 0
    assert "went on after row" in err
    assert _figures(out) == {
        "rows": 15_000,
        "published": 15_000,
        "rejected": 0,
        "repeats": 0,
        "unlinked": 5000,
    }
    found = _published(kafka, source)
    _assert_complete(found, keys, source)
    assert len(found) < 15_000 + 3 * 3000  # it went on, and did not begin anew


def test_ctrl_c_saves_the_cursor_and_says_how_to_go_on(
    kafka: KafkaConnection, source: str, tmp_path: Path
) -> None:
    path = tmp_path / "threads.csv"
    keys = _threads_csv(path, 15_000)
    arguments = ["import", path, "--source", source, *MAPS, *THREADS]
    process = _start(kafka, *arguments)
    _wait(lambda: _cursor_rows(kafka, source) >= 1000)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 1
    stopped = re.search(r"stopped after row (\d+); the same command goes on from there", err)
    assert stopped is not None
    assert int(stopped[1]) == _cursor_rows(kafka, source)
    assert _run(kafka, *arguments)[0] == 0
    found = _published(kafka, source)
    assert len(found) == 15_000
    _assert_complete(found, keys, source)


@pytest.fixture
def own_server(tmp_path: Path, kafka_installed: None) -> Iterator[KafkaServer]:
    """A broker that the test may stop."""
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop(timeout_seconds=10)


def test_a_broker_killed_in_the_middle(own_server: KafkaServer, tmp_path: Path) -> None:
    kafka = _with_topics(own_server)
    path = tmp_path / "threads.csv"
    keys = _threads_csv(path, 15_000)
    process = _start(kafka, "import", path, "--source", "s", *MAPS, *THREADS)
    _wait(lambda: _cursor_rows(kafka, "s") >= 1000)
    own_server.kill()
    own_server.start()
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, err) == (0, "")
    assert _figures(out)["published"] == 15_000
    _assert_complete(_published(kafka, "s"), keys, "s")


def test_no_broker_at_all(tmp_path: Path) -> None:
    path = tmp_path / "threads.csv"
    _threads_csv(path, 3)
    nobody = KafkaConnection(f"127.0.0.1:{free_port()}")
    code, _, err = _run(nobody, "import", path, "--source", "s", *MAPS)
    assert code == 1
    assert err.startswith(f"Error: Kafka does not answer at {nobody.bootstrap_servers}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (None, MAPS, "no such file"),
        ("", MAPS, "the file is empty"),
        ("id,text,who,at\n1,a,b,2026-01-01 10:00\n", MAPS, "--zone"),
        ("id,text,who,at\n1,a,b,02/03/2026Z\n", [*MAPS, "--zone", "Mars"], "no such time zone"),
        ("id,text,who,at\n", [*MAPS, "--map", "title=titel"], "columns: id, text, who, at"),
        ("id,text,who,at\n", MAPS[:4], "add --map occurred_at=COLUMN"),
        ("id,text,who,at\n", [*MAPS, "--kind", "No Kind"], "--kind"),
    ],
)
def test_what_cannot_work_ends_with_2(
    tmp_path: Path, content: str | None, options: list[str], says: str
) -> None:
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_text(content)
    code, out, err = _run(KafkaConnection("127.0.0.1:1"), "import", path, "--source", "s", *options)
    assert (code, out) == (2, "")
    assert says in err


def test_a_directory_ends_with_2(tmp_path: Path) -> None:
    code, _, err = _run(KafkaConnection("127.0.0.1:1"), "import", tmp_path, "--source", "s", *MAPS)
    assert code == 2
    assert "directory" in err


@pytest.mark.data
def test_real_tweets(kafka: KafkaConnection, source: str, real_data: Path) -> None:
    path = real_data / "airline_tweets" / "tweets.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ids = {row["tweet_id"] for row in rows}
    assert _import(kafka, path, source, *AIRLINE) == {
        "rows": len(rows),
        "published": len(ids),
        "rejected": 0,
        "repeats": len(rows) - len(ids),
        "unlinked": 0,
    }
    found = _published(kafka, source)
    assert sorted(mention.native_id for _, mention in found) == sorted(ids)
    texts = {row["tweet_id"]: row["text"] for row in rows}
    assert all(mention.text == texts[mention.native_id] for _, mention in found)


@pytest.mark.data
def test_real_conversations(kafka: KafkaConnection, source: str, real_data: Path) -> None:
    path = real_data / "twcs" / "twcs_first5000.csv"
    figures = _import(kafka, path, source, *TWCS)
    assert figures == {"rows": 5000, "published": 5000, "rejected": 0, "repeats": 0, "unlinked": 24}
    found = {mention.native_id: mention for _, mention in _published(kafka, source)}
    assert len(found) == 5000
    outbound = [mention for mention in found.values() if mention.direction == "outbound"]
    answers = [mention for mention in outbound if mention.answers is not None]
    assert (len(outbound), len(answers)) == (2222, 2196)  # two go on from what a company itself began
    for answer in answers:
        contact = found[(answer.answers or "").removeprefix(f"{source}:")]
        assert contact.direction == "inbound"
        assert answer.key == contact.author


def test_customers(kafka: KafkaConnection, topic_prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    name = topic_prefix.rstrip(".")
    path.write_text(f"customer_id,names,emails\n{name}-1,Ann,ann@example.org\n,Bob,\n{name}-2,Eve;Eva,\n")
    code, out, err = _run(kafka, "customers", "import", path)
    assert (code, _figures(out)) == (1, {"rows": 3, "published": 2, "rejected": 1})
    assert f"{path}:3: customer_id: empty" in err
    keys = {record.key for record in read_whole(kafka, CUSTOMERS.name)}
    assert {f"{name}-1".encode(), f"{name}-2".encode()} <= keys
