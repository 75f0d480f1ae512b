"""The rules of the filtered stream, which all sources and programs of one app share.

Ours have a tag of the source's own; with the source's configuration they are added and removed. Rules with another
tag are others': they are left alone, and what matches only those is not ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from listener.connectors.json_values import mapping, sequence, text
from listener.connectors.x_client import Client, errors_in_words, problem
from listener.connectors.x_post import Own, id_of
from listener.domain.errors import ListenerError
from listener.http.client import Unavailable

PATH = "/2/tweets/search/stream/rules"
MAX_QUERY = 512
"""Characters of a rule and of a query; what every level of access takes."""
WITHOUT_REPOSTS = "({}) -is:retweet"
MAX_RULE = MAX_QUERY - len(WITHOUT_REPOSTS)


def account_rules(own: Own) -> list[str]:
    """What the accounts say, and what is said to them or mentions them."""
    by_name = [f"@{name} OR from:{name}" for name in sorted(own.names)]
    return by_name + [f"to:{user_id} OR from:{user_id}" for user_id in sorted(own.ids)]


def queries(rules: Iterable[str]) -> list[str]:
    """As few searches as find what the rules match."""
    packed: list[str] = []
    for rule in rules:
        longer = f"{packed[-1]} OR ({rule})" if packed else ""
        if longer and len(WITHOUT_REPOSTS.format(longer)) <= MAX_QUERY:
            packed[-1] = longer
        else:
            packed.append(f"({rule})")
    return [WITHOUT_REPOSTS.format(each) for each in packed]


class Rules:
    """The rules of one source.

    Args:
        source: its name.
        rules: what is to be heard.
    """

    def __init__(self, source: str, rules: Iterable[str]) -> None:
        self._tag = f"listener {source}"
        self._wanted = list(dict.fromkeys(WITHOUT_REPOSTS.format(rule) for rule in rules))
        self._ids: frozenset[str] = frozenset()

    def keep(self, client: Client) -> bool:
        """Makes the service's rules with our tag what they are to be.

        Returns:
            Whether some were added: those take effect within half a minute.

        Raises:
            Unavailable: not this time.
            ListenerError: the service refuses a rule, and says why.
        """
        there = _rules(client.get(PATH))
        values = {rule["value"] for rule in there}
        surplus = [
            rule for rule in there if rule.get("tag") == self._tag and rule["value"] not in self._wanted
        ]
        missing = [value for value in self._wanted if value not in values]
        if surplus:
            self._change(client, {"delete": {"ids": [rule["id"] for rule in surplus]}})
        if missing:
            self._change(client, {"add": [{"value": value, "tag": self._tag} for value in missing]})
            there = _rules(client.get(PATH))
        # A rule that somebody else has made with the same value cannot be made again; it tells us the same.
        self._ids = frozenset(rule["id"] for rule in there if rule["value"] in self._wanted)
        return bool(missing)

    def match(self, matching: Any) -> bool:
        """Whether a post of the stream is ours.

        Args:
            matching: `matching_rules` of the post.
        """
        return any(id_of(rule) in self._ids for rule in sequence(matching))

    def _change(self, client: Client, change: Mapping[str, Any]) -> None:
        try:
            answer = client.ask("POST", PATH, body=change)
        except Unavailable as error:
            if error.status == 400 and (said := problem(error.body)):
                raise ListenerError(f"X refuses a rule: {said}") from None
            raise
        refused = [
            each
            for each in sequence(answer.get("errors"))
            if text(mapping(each).get("title")) != "DuplicateRule"
        ]
        if refused and "add" in change:
            raise ListenerError(f"X refuses a rule: {errors_in_words({'errors': refused})}")


def _rules(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: Sequence[Any] = sequence(answer.get("data"))
    return [rule for rule in found if id_of(rule) and text(mapping(rule).get("value"))]
