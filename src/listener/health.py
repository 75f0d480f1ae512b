"""How the installation is: connections, topics, schema, disk and what is waiting, in words."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from listener.clickhouse.client import connect, translated
from listener.clickhouse.migrate import check_schema
from listener.dead_letters.reading import read_letters
from listener.domain.errors import ListenerError
from listener.kafka.admin import TopicAdmin, TopicPlan
from listener.kafka.connection import KafkaConnection

FREE_BYTES_WANTED = 2 << 30
NAMED_PARTS = 5
_SET_ASIDE = """
    SELECT table, name FROM system.detached_parts
    WHERE database = currentDatabase() AND startsWith(reason, 'broken') ORDER BY table, name
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, how it is, and whether that is well."""

    what: str
    well: bool
    text: str


@dataclass(frozen=True)
class Lag:
    """What a consumer group has not processed yet.

    Attributes:
        records: how many, over all its topics.
        ends: the next offset of each partition, to see whether more came meanwhile.
    """

    group: str
    records: int
    ends: Mapping[tuple[str, int], int]


def check(what: str, look: Callable[[], str]) -> Finding:
    """Looks at one thing; an error is a finding, too."""
    try:
        return Finding(what, True, look())
    except ListenerError as error:
        return Finding(what, False, str(error))


def check_topics(connection: KafkaConnection, plans: Sequence[TopicPlan]) -> list[Finding]:
    """Whether Kafka answers, and whether its topics are as configured."""
    try:
        with TopicAdmin(connection) as admin:
            differences = admin.differences(plans)
        dead = 0 if differences else sum(letter.state == "open" for letter in read_letters(connection))
    except ListenerError as error:
        return [Finding("Kafka", False, str(error))]
    found = [Finding("Kafka", True, f"answers at {connection.bootstrap_servers}")]
    if differences:
        return found + [Finding("topics", False, str(difference)) for difference in differences]
    return [
        *found,
        Finding("topics", True, f"{len(plans)} topics are as configured"),
        Finding(
            "dead letters", dead == 0, f"{dead} open" + ("; `listener dead list` shows them" if dead else "")
        ),
    ]


def check_clickhouse(url: str) -> Finding:
    """Whether ClickHouse answers and its schema is this version's. Names broken parts that it has set aside."""

    def look() -> str:
        client = connect(url)
        try:
            check_schema(client, url)
            with translated(url):
                aside = client.execute(_SET_ASIDE)
        finally:
            client.disconnect()
        return "answers, its schema is up to date" + (_about_parts(aside) if aside else "")

    return check("ClickHouse", look)


def _about_parts(aside: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(f"{name} of {table}" for table, name in aside[:NAMED_PARTS])
    more = f" and {len(aside) - NAMED_PARTS} more" if len(aside) > NAMED_PARTS else ""
    return (
        f". It has set aside as broken: {named}{more}. What their tables lack is stored anew by `listener rewind"
        " clickhouse`; then ALTER TABLE ... DROP DETACHED PART '...' SETTINGS allow_drop_detached = 1 removes them"
    )


def check_disk(path: str) -> Finding:
    """Whether there is room where the data are."""
    free = shutil.disk_usage(path).free
    return Finding("disk", free >= FREE_BYTES_WANTED, f"{free / (1 << 30):.1f} GiB free at {path}")


def lags(admin: TopicAdmin, groups: Mapping[str, Sequence[str]]) -> list[Lag]:
    """What each consumer group has not processed yet.

    Args:
        groups: group to the topics that it reads.
    """
    found = []
    for group, topics in groups.items():
        ends = admin.end_offsets(topics)
        committed = admin.committed_offsets(group)
        waiting = sum(max(0, end - committed.get(where, 0)) for where, end in ends.items())
        found.append(Lag(group, waiting, ends))
    return found
