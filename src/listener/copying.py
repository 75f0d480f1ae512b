"""Copying what one installation heard to another, which makes everything else from it anew.

The first may go on meanwhile. So what its connectors remember is read before what they published, and
written after it: a cursor that is copied never stands behind a mention that is not. Records keep their key,
value and headers, and so their ids: copying twice changes nothing.
"""

from collections.abc import Callable, Iterable

from listener.domain.topics import CURSORS, FROM_OUTSIDE, PARKED, Topic
from listener.kafka.publish import Outlet
from listener.kafka.record import Record

MEMORY = (PARKED, CURSORS)
"""What connectors remember, which would be wrong if it were newer than what they published."""

Read = Callable[[str], Iterable[Record]]
"""Everything on a topic; see `listener.kafka.consume.read_whole`."""


def copy_topics(read: Read, outlet: Outlet, told: Callable[[str, int], None]) -> None:
    """Copies the topics that come from outside; customers and links first, since matches need them.

    Args:
        read: the installation that is copied.
        outlet: the one that takes over.
        told: is called with each topic and how many records of it are there now.

    Raises:
        ServiceError: one of the two does not answer; what was copied is there, do it again.
    """
    remembered = {topic.name: list(read(topic.name)) for topic in MEMORY}
    for topic in FROM_OUTSIDE:
        if topic not in MEMORY:
            told(topic.name, _copy(topic, read(topic.name), outlet))
    for topic in MEMORY:
        told(topic.name, _copy(topic, remembered[topic.name], outlet))


def _copy(topic: Topic, records: Iterable[Record], outlet: Outlet) -> int:
    count = 0
    for record in records:
        outlet.publish(topic.name, record.key, record.value, record.headers)
        count += 1
    outlet.flush()
    return count
