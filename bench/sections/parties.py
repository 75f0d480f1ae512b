"""Rate and recovery as the number of parties grows: a worker over tables of so many authors and parties.

The tables are not made by so many mentions but written into the changelogs: one state of each stage, made by the
stage itself, with the names in it replaced. Then a worker with an empty directory is started (recovery), mentions
of random ones of these authors are published (rate), the worker is killed, its directory removed, and it is
started again (recovery after kill -9).
"""

import random
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from bench.broker import Broker, running_broker, stored_ms
from bench.contenders import WORKER, Contender, Run, whole_worker
from bench.figures import cpu_per_thousand, rounded, window
from bench.options import Options
from bench.peers.work import now
from bench.sections.stages import OUTPUTS, STILL_SECONDS, check
from bench.watch import Watched
from bench.world import world
from listener.domain.ids import author_party, case_id
from listener.domain.mention import Mention
from listener.domain.topics import ENRICHED, PARTIES, RAW, STREAM_GROUP, TRIAGE
from listener.embedded.ports import LOOPBACK, free_port
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.ledger.ledger import Ledger
from stream.stage import Input, Position, Stage
from stream.triage.policy import default_policy
from stream.triage.triage import Triage

READY_SECONDS = 900.0
RUN_SECONDS = 600.0
LONG_AGO = Position("before", 0, 0)
"""No position that is ever read: a state remembers which record changed it, and says it again when that comes."""
AUTHOR, MENTION, CASE = "social:person-NNNNNNNNNN", "social:before-NNNNNNNNNN", "K-CCCCCCCCCCCCC"
"""The names in the states that are multiplied; replaced by names of the same length."""


def measure(name: str, options: Options) -> dict[str, Any]:
    """One broker for each number of parties."""
    found = []
    for parties in options.parties:
        with running_broker() as broker:
            row = _with_so_many(broker, parties, options)
        found.append(row)
        options.tell(
            f"{name}: {parties:,}: {rounded(row['mentions_per_second'])} mentions/s, "
            f"recovery {row['recovery_seconds']:.0f} s, after kill -9 {row['recovery_after_kill_seconds']:.0f} s"
        )
    return {"mentions": options.mentions, "sizes": found}


def _with_so_many(broker: Broker, parties: int, options: Options) -> dict[str, float]:
    broker.publish(_tables(parties))
    ledger_state, triage_state = _states()
    records = list(_records(parties, options))
    with _worker(broker, "before") as (process, seconds):
        recovery_seconds = seconds
        broker.publish(records)
        broker.wait_records(ENRICHED.name, len(records), lambda: check([process]), RUN_SECONDS)
        broker.wait_still(OUTPUTS, STILL_SECONDS, lambda: check([process]))
        measured = window(
            [stored_ms(message) for message in broker.read(ENRICHED.name)],
            max(stored_ms(message) for message in broker.read(TRIAGE.name)),
        )
        if broker.ends([PARTIES.name]):
            raise AssertionError(
                "authors of the changelog were taken for new ones: it was not recovered whole"
            )
        figures = {
            "mentions_per_second": measured.rate,
            "cpu_seconds_per_1000": cpu_per_thousand([process.samples], measured),
            "peak_mib": process.peak_mib,
        }
        process.kill()
    shutil.rmtree(broker.directory / "before")
    with _worker(broker, "after") as (_, seconds):
        after_kill = seconds
    return {
        "parties": parties,
        "states_mib": parties * len(ledger_state + triage_state) / (1 << 20),
        "recovery_seconds": recovery_seconds,
        **figures,
        "recovery_after_kill_seconds": after_kill,
    }


class _worker:  # noqa: N801  # reads as the function that it is
    """A worker in a directory of its own; entered once it is ready, with the seconds that took."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker = broker
        self._directory = broker.directory / name

    def __enter__(self) -> tuple[Watched, float]:
        self._directory.mkdir()
        port = free_port()
        contender = Contender(WORKER.name, _with_health(port), group=STREAM_GROUP)
        run = Run(self._broker, STREAM_GROUP, self._directory, "product")
        self._running = contender.running(run)
        started = time.monotonic()
        [process] = self._running.__enter__()
        try:
            _wait_ready(self._broker, port, process)
        except BaseException as error:
            self._running.__exit__(type(error), error, error.__traceback__)
            raise
        return process, time.monotonic() - started

    def __exit__(self, *exc_info: Any) -> None:
        self._running.__exit__(*exc_info)


def _with_health(port: int) -> Any:
    return lambda run, number: [*whole_worker(run, number), "--health-port", str(port)]


def _wait_ready(broker: Broker, port: int, process: Watched) -> None:
    """Partitions assigned, tables recovered, customers read: as `/readyz` says, and the group agrees."""
    broker.wait_stable(STREAM_GROUP, 1, lambda: check([process]))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        check([process])
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass  # not yet: it does not listen, or says 503
        time.sleep(0.1)
    raise TimeoutError(f"not ready after {READY_SECONDS:.0f} s")


def _tables(parties: int) -> Iterator[tuple[str, bytes, bytes]]:
    """States of so many authors and of the party that each of them is, as records of the changelogs."""
    ledger_state, triage_state = _states()
    for number in range(parties):
        author, mention = author_name(number), mention_before(number)
        names = ((AUTHOR, author), (MENTION, mention), (CASE, case_id(mention)))
        for stage, key, template in (
            (Ledger.name, author, ledger_state),
            (Triage.name, author_party(author), triage_state),
        ):
            state = template
            for old, new in names:
                state = state.replace(old, new)
            yield f"{STREAM_GROUP}-{stage}-changelog", key.encode(), state.encode()


def author_name(number: int) -> str:
    """One of the authors."""
    return f"social:person-{number:010d}"


def mention_before(number: int) -> str:
    """What that author said before."""
    return f"social:before-{number:010d}"


def _states() -> tuple[str, str]:
    """What each stage remembers of an author who has said one thing, under names to be replaced."""
    [said] = _complaints(1)
    mention = said.model_copy(
        update={"author": AUTHOR, "mention_id": MENTION, "native_id": MENTION.partition(":")[2]}
    )
    customers = CustomerIndex()
    ledger, triage = Ledger(Enricher(), customers), Triage(default_policy(), customers)
    [heard] = ledger.prepare([mention])
    first = _step(ledger, AUTHOR, heard)
    enriched = next(output.value for output in first.outputs if output.topic == ENRICHED.name)
    second = _step(triage, author_party(AUTHOR), triage.decode(ENRICHED.name, enriched.to_json()))
    ledger_state, triage_state = (step.state.decode() for step in (first, second))
    triage_state = triage_state.replace(case_id(MENTION), CASE)
    if AUTHOR not in triage_state or MENTION not in ledger_state or CASE not in triage_state:
        raise AssertionError("the states do not name what is to be replaced")
    orjson.loads(triage_state)
    return ledger_state, triage_state


def _step(stage: Stage[Any], key: str, value: Any) -> Any:
    return stage.step(key, None, [Input(LONG_AGO, value)], now())


def _complaints(count: int) -> Sequence[Mention]:
    """Public mentions by customers that answer nobody."""
    chosen = [
        mention.model_copy(
            update={"thread": None, "reply_to": None, "contactable": None, "source_kind": "social"}
        )
        for mention in world(count * 8 + 100).mentions
        if mention.direction == "inbound" and mention.visibility == "public" and mention.reply_to is None
    ]
    return chosen[:count]


def _records(parties: int, options: Options) -> Iterator[tuple[str, bytes, bytes]]:
    chance = random.Random(1)
    said = _complaints(options.mentions)
    for number in range(options.mentions):
        author, native = author_name(chance.randrange(parties)), f"now-{number:010d}"
        mention = said[number % len(said)].model_copy(
            update={"author": author, "mention_id": f"social:{native}", "native_id": native}
        )
        yield RAW.name, author.encode(), mention.to_json()
