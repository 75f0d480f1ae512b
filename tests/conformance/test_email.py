"""E-mail: a mailbox on a real Dovecot."""

from collections.abc import Iterator

import pytest

from conformance.line_server import serving_lines
from conformance.servers.mailbox import SENT, Mailbox
from conformance.suite import Conformance
from fixtures_dovecot import Dovecot


class TestEmail(Conformance):
    @pytest.fixture
    def network(self, dovecot: Dovecot) -> Iterator[Mailbox]:
        client = dovecot.login()
        client.create(SENT)
        client.logout()
        mailbox = Mailbox(dovecot)
        with serving_lines(mailbox.gate, dovecot.port) as mailbox.port:
            yield mailbox
