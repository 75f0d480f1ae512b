"""What makes customers contact the company, counted by people, not by posts."""

from clickhouse_driver import Client

from listener.domain.contract import format_utc
from listener.reports.answer import Answer, Window


def root_causes(client: Client, window: Window) -> Answer:
    """Root causes by distinct parties, from the view `root_causes`, which analysts can select from as well.

    A contact is an inbound mention that is neither spam nor a mere mention. Of the contacts in the window:

    - cause, owner: node of the taxonomy and process owner; ``unknown`` is none of them, a row of its own, last
    - parties: distinct parties; customers: those that are known customers (``c:``); unmatched_authors: the
      others (``a:``)
    - mentions: contacts, of which one can have several causes; deleted ones keep counting
    - cases: opened in the window with this cause, without superseded ones
    - all_parties: distinct parties with any contact, whatever its cause
    - share: parties / all_parties; share_low, share_high: its 95 % Wilson score interval (E. B. Wilson,
      Probable inference, the law of succession, and statistical inference, Journal of the American
      Statistical Association 22 (1927) 209-212). The unit is the party, so one person who posts a hundred
      times weighs as much as one who posts once.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    rows, columns = client.execute(
        "SELECT * FROM root_causes(since = %(since)s, until = %(until)s) "
        "ORDER BY cause = 'unknown', parties DESC, cause",
        {"since": format_utc(window.since), "until": format_utc(window.until)},
        with_column_types=True,
    )
    return Answer(tuple(name for name, _ in columns), tuple(rows))
