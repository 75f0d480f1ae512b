"""Administration where there is nothing to administer."""

import time

import pytest

from listener.domain.errors import NotReady
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection


def test_a_person_hears_soon_that_nobody_answers_and_what_to_look_at() -> None:
    address = f"127.0.0.1:{free_port()}"
    started = time.monotonic()
    with pytest.raises(NotReady) as raised:
        TopicAdmin(KafkaConnection(address))
    assert time.monotonic() - started < 14
    assert address in str(raised.value)
    assert "KAFKA_BOOTSTRAP_SERVERS" in str(raised.value)


def test_who_is_in_a_hurry_hears_sooner() -> None:
    started = time.monotonic()
    with pytest.raises(NotReady):
        TopicAdmin(KafkaConnection(f"127.0.0.1:{free_port()}"), connect_timeout_seconds=1)
    assert time.monotonic() - started < 5
