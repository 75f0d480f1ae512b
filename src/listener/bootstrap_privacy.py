"""Wires what is held about a person: given out or erased, by a command or a page."""

import functools
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from listener.bootstrap import publisher, sink_group, wall_clock
from listener.console.privacy import Holding, Named
from listener.domain.errors import ServiceError, UsageError
from listener.domain.topics import ALL, CHANGELOGS, STREAM_GROUP
from listener.kafka.admin import TopicAdmin
from listener.kafka.consume import read_whole
from listener.kafka.erasures import KNOWN_SECONDS, read_erasures
from listener.privacy import logs
from listener.privacy.certificate import Certificate, places
from listener.privacy.erase import (
    delete_keys,
    is_left,
    note_in_audit,
    put_on_list,
    wait_for_stages,
    wait_processed,
)
from listener.privacy.export import Line, counted, header, held
from listener.privacy.person import Person, Read, customers_of, find_person
from listener.privacy.tables import person_in_tables
from listener.settings import Settings
from sinks.clickhouse.store_rows import ClickHouseSink

log = logging.getLogger(__name__)

OLD_PARTS_SECONDS = 480
"""Where ClickHouse cannot be asked."""
WAIT_SECONDS = 300.0
"""How long an erasure from a page waits for the stream workers and the sink."""


def whole_person(settings: Settings, named: Person) -> tuple[Person, list[str]]:
    """Who was named, with all accounts that Kafka or ClickHouse knows: after an erasure that was broken off it may
    be one of the two; and the customers that an account which was named belongs to, beside those named.

    Raises:
        ServiceError: Kafka or ClickHouse is not there.
    """
    read = _reader(settings)
    person = find_person(read, named.authors, named.customers)
    with person_in_tables(settings.clickhouse_url, named) as tables:
        person = Person(person.authors | tables.accounts(), person.customers)
    return person, sorted(customers_of(read, named.authors) - named.customers)


def held_lines(settings: Settings, person: Person) -> Iterator[Line]:
    """One line for each thing that is held about a person.

    Raises:
        ServiceError: Kafka or ClickHouse is not there.
    """
    tables = functools.partial(person_in_tables, settings.clickhouse_url, person)
    return held(_reader(settings), tables, settings.data_dir / "log", person)


def export_lines(settings: Settings, person: Person) -> Iterator[Line]:
    """The same, and before them whose data it is and on what basis each source is processed."""
    yield header(person, wall_clock(), _bases(settings))
    yield from held_lines(settings, person)


def erase_person(
    settings: Settings, person: Person, found: Mapping[str, int], by: str, wait_seconds: float, at: datetime
) -> Certificate:
    """Erases a person, and says what became of each place.

    Args:
        found: place to how much is held there, as `held_lines` tells it.
        by: goes to the audit and the certificate.
        wait_seconds: how long to wait for the stream workers and the sink; what they have not done by then is
            pending in the certificate.
        at: what was said until then is erased.

    Raises:
        UsageError: there is no key for the list of erased people, or a wrong one.
        ServiceError: Kafka is not there.
    """
    read = _reader(settings)
    erasures = read_erasures(settings.kafka, settings.erasure_key)
    if settings.erasure_key is None:
        raise UsageError(
            "LISTENER_ERASURE_KEY is not set: a secret of at least 16 characters, the same for every process of "
            "the installation, kept for as long as the list of erased people is to hold; see docs/privacy.md"
        )
    with publisher(settings, "listener-privacy") as out, TopicAdmin(settings.kafka) as admin:
        hashes = put_on_list(out, erasures, person, at)
        time.sleep(KNOWN_SECONDS)
        search = delete_keys(out, read, person, at)
        note_in_audit(out, hashes, by, at)
        deadline = time.monotonic() + wait_seconds
        stages_done = wait_for_stages(admin, STREAM_GROUP, deadline) and not is_left(read, person, at)
        stored = wait_processed(admin, sink_group("clickhouse"), ClickHouseSink.topics, deadline)
        rows_gone, old_parts_seconds = _erase_rows(settings, person, at)
        logs.mask(settings.data_dir / "log", person.authors | search.mentions)
        kafka = admin.settings(topic.name for topic in (*ALL, *CHANGELOGS))
    made = places(
        found,
        kafka,
        wall_clock(),
        stages_done=stages_done,
        tables_done=stored and rows_gone,
        old_parts_seconds=old_parts_seconds,
    )
    return Certificate(
        subjects=hashes,
        said_until=at,
        carried_out_at=wall_clock(),
        by=by,
        complete=not any(place.done == "pending" for place in made),
        places=made,
    )


class StoredPersonalData:
    """What the console's pages do with the data of a person.

    Args:
        now: the installation's time.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now

    def look(self, named: Named) -> Holding:
        """What is held."""
        person, others = self._person(named)
        return Holding(sorted(person.authors), others, counted(held_lines(self._settings, person)))

    def export(self, named: Named) -> Iterator[bytes]:
        """Everything that is held, as JSON lines."""
        person, _ = self._person(named)
        for line in export_lines(self._settings, person):
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"

    def erase(self, named: Named, by: str) -> Mapping[str, Any]:
        """Erases them; the certificate as JSON holds it."""
        person, _ = self._person(named)
        found = dict(counted(held_lines(self._settings, person)))
        done = erase_person(self._settings, person, found, by, WAIT_SECONDS, self._now())
        certificate: dict[str, Any] = json.loads(done.to_json())
        return certificate

    def _person(self, named: Named) -> tuple[Person, list[str]]:
        for author in named.authors:
            if ":" not in author:
                raise UsageError(f"{author}: an account is source-kind:native-id, such as airline:jane_doe")
        return whole_person(self._settings, Person(frozenset(named.authors), frozenset(named.customers)))


def _erase_rows(settings: Settings, person: Person, until: datetime) -> tuple[bool, int]:
    """Whether the tables have nothing of the person any more, and how long old files stay."""
    try:
        with person_in_tables(settings.clickhouse_url, person, until) as tables:
            tables.erase()
            return not any(tables.counts().values()), tables.old_parts_seconds()
    except ServiceError as error:
        log.warning("ClickHouse was not erased: %s", error)
        return False, OLD_PARTS_SECONDS


def _reader(settings: Settings) -> Read:
    return functools.partial(read_whole, settings.kafka)


def _bases(settings: Settings) -> dict[str, dict[str, str]]:
    """The lawful basis of each source, as configured."""
    return {
        name: {
            field: text
            for field, text in (
                ("lawful_basis", source.lawful_basis or "not stated"),
                ("basis_note", source.basis_note),
                ("consent", source.consent),
            )
            if text
        }
        for name, source in settings.config.sources.items()
    }
