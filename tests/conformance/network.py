"""The contract between the conformance suite and the server of a network, real or a stand-in; see README.md."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from conformance.gate import Gate

Ability = Literal[
    "edits",  # tells that a post was edited
    "deletions",  # tells that a post was deleted, while somebody listens
    "answers",  # the company answers there, and the service says what is answered
    "http",  # the gate can refuse a request with a status and Retry-After, and send a page that is no answer
    "disorder",  # can be made to tell things twice and in another order
    "malformed",  # can be made to hold an item that nobody can read
]


class Network(Protocol):
    """One server with one community, made anew for each test, or at least with ids of the test's own.

    Whatever is posted may be asked for from then on; no call waits for the connector. Calls may come from
    several threads, also from within the gate.

    Attributes:
        kind: of the connector under test.
        abilities: what the network has; tests of what it has not are skipped.
        page_size: how many posts the connector gets in one request at most.
        gate: through it every request passes, on its way to the server.
    """

    kind: str
    abilities: frozenset[Ability]
    page_size: int
    gate: Gate

    def source(self) -> Mapping[str, Any]:
        """As it stands in `listener.yaml`: with `kind`, `accounts` of the company, names of `secrets`, and the
        shortest waits that the options allow."""
        ...

    def environment(self) -> Mapping[str, str]:
        """The variables that hold the secrets."""
        ...

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        """A customer says something that the source is to hear.

        Returns:
            Its native id, as the mention is to have it.
        """
        ...

    def answer(self, native_id: str, text: str) -> str:
        """The company replies to a post. Returns the native id of the answer."""
        ...

    def edit(self, native_id: str, text: str) -> None:
        """Its author changes a post."""
        ...

    def delete(self, native_id: str) -> None:
        """Its author deletes a post."""
        ...

    def post_malformed(self) -> None:
        """From now on there is one item more, that cannot be read: one dead letter is expected."""
        ...

    def disorder(self) -> None:
        """From now on the server tells things twice, and the newest first or last as it likes."""
        ...

    def posts(self) -> Mapping[str, str]:
        """What exists now: native id to text."""
        ...
