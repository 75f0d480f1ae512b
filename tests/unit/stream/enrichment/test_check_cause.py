"""A root cause that does not exist is refused with those that are like it."""

import pytest

from listener.domain.errors import UsageError
from stream.enrichment.taxonomy import check_cause, default_taxonomy, read_taxonomy

TAXONOMY = read_taxonomy(
    """
nodes:
  - {id: delivery, name: Late or lost parcels, owner: o, keywords: [parcel]}
  - {id: refund, name: Refund late or refused, owner: o, keywords: [refund]}
""",
    "taxonomy.yaml",
)


def test_every_cause_and_none_of_them_can_be_chosen() -> None:
    for node in default_taxonomy().nodes:
        check_cause(node.id, default_taxonomy())
    check_cause("unknown", TAXONOMY)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("delivry", "did you mean delivery?"),
        ("Refunds", "did you mean refund?"),
        ("lost parcels", "did you mean delivery?"),
        ("weather", "there are: delivery, refund"),
    ],
)
def test_another_one_is_refused_with_near_names(cause: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"{cause}: .*{told.replace('?', '[?]')}$"):
        check_cause(cause, TAXONOMY)
