"""A hand-written loop over confluent-kafka without any state: read, enrich, write, flush, commit."""

from bench.peers.confluent import Loop
from bench.peers.work import enriched, enricher, settle, task
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import ENRICHED, RAW


def main() -> None:
    """Runs until it is ended."""
    given = task()
    model = enricher(given)
    loop = Loop(given, [RAW.name])
    settle()
    while True:
        messages = loop.batch()
        if not messages:
            continue
        values = [read_raw(message.value()) for message in messages]
        mentions = [value for value in values if isinstance(value, Mention)]
        made = map(enriched, mentions, model.enrich(mentions))
        loop.send({"topic": ENRICHED.name, "key": one.party.encode(), "value": one.to_json()} for one in made)
        loop.commit()


if __name__ == "__main__":
    main()
