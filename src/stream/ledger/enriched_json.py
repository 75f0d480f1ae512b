"""An enriched mention as JSON, around a mention that is JSON already: it is passed on as it came."""

from typing import Any

import orjson

from listener.domain.enriched import EnrichedMention, Enrichment, Match


def enriched_json(value: EnrichedMention, mention: bytes) -> bytes:
    """What says the same as `value.to_json`, in a quarter of the time.

    Args:
        mention: JSON from which `value.mention` was read.
    """
    fields = dict(value.__dict__)
    fields["mention"] = orjson.Fragment(mention)
    fields["enrichment"] = _enrichment(value.enrichment)
    fields["match"] = _match(value.match)
    if value.told_cause is None:
        del fields["told_cause"]
    else:
        fields["told_cause"] = value.told_cause.__dict__
    if value.told_response is None:
        del fields["told_response"]
    return orjson.dumps(fields)


def _enrichment(found: Enrichment) -> dict[str, Any]:
    fields = dict(found.__dict__)
    fields["language"] = found.language.__dict__
    fields["complaint"] = found.complaint.__dict__
    if found.sentiment is None:
        del fields["sentiment"]  # as the contracts leave out what has no value
    else:
        fields["sentiment"] = found.sentiment.__dict__
    if found.copy_of is None:
        del fields["copy_of"]
    fields["root_causes"] = [cause.__dict__ for cause in found.root_causes]
    return fields


def _match(match: Match) -> dict[str, Any]:
    if match.customer_id is not None:
        return match.__dict__
    fields = dict(match.__dict__)
    del fields["customer_id"]
    return fields
