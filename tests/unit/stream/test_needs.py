"""Every need has a place where a person meets it: through the real enrichment and all stages."""

import pytest

from stream.enrichment.pipeline import Enricher
from stream.ledger.ledger import Ledger
from stream.offline import AllStages
from stream.triage.policy import default_policy
from stream.triage.triage import Triage
from unit.stream.worlds import at, customers, mention, put_all

ENRICHER = Enricher()


@pytest.mark.parametrize(
    ("text", "queue", "needs_response"),
    [
        ("Thank you, the crew was great!", "praise", False),
        ("Thanks for nothing @acme :(", "unclear", True),
        ("Great job losing my bag, slow clap", "unclear", True),
        ("Ich warte seit drei Wochen auf mein Geld", "unclear", True),
        ("My bag is lost and nobody answers", "complaints", True),
        ("Can you tell me when the lounge opens?", "service", True),
        ("The charger caught fire and burnt my hand.", "safety", True),
    ],
)
def test_each_need_waits_in_its_queue_with_a_target(text: str, queue: str, needs_response: bool) -> None:
    index = customers()
    both = AllStages(Ledger(ENRICHER, index), Triage(default_policy(), index), lambda: at(2))
    put_all(both, [mention("1", text, 1)]).drain()
    [case] = both.cases.values()
    assert (case.queue, case.needs_response, case.state) == (queue, needs_response, "new")
    assert case.due_at is not None
    assert case.priority > 0
    assert case.failed_contacts == 0


def test_praise_that_nobody_thanked_for_is_no_failure() -> None:
    index = customers()
    both = AllStages(Ledger(ENRICHER, index), Triage(default_policy(), index), lambda: at(500))
    put_all(both, [mention("1", "Thank you, the crew was great!", 1)]).drain()
    [case] = both.cases.values()
    assert (case.state, case.failed_contacts, case.level) == ("new", 0, "front_line")
