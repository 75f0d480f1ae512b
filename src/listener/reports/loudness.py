"""One person with a large bullhorn, or many customers with the same problem?"""

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read, spread, three
from listener.statistics.concentration import gini_interval
from listener.statistics.ranking import disagreement

COLUMNS = (
    *("cause", "parties", "posts", "copies", "loudest_share", *three("gini"), "effective_parties", "reach"),
    *("rank_by_parties", "rank_by_posts", "moved"),
)


def loudness(client: Client, window: Window) -> Answer:
    """Each root cause by people and by noise, from the view `loudness`.

    parties: people with a contact of their own; posts: all that was said, also by those who only pass on others'
    words; copies: posts in words that were there already. moved: rank by posts less rank by parties, below 0
    where noise makes it look larger than it is. The figures of inequality are those of
    `listener.statistics.concentration`, the interval of Gini's from a bootstrap over parties.
    """
    rows = read(client, "loudness", window)
    found = disagreement(
        [row["cause"] for row in rows],
        np.array([row["parties"] for row in rows], dtype=np.int64),
        np.array([row["posts"] for row in rows], dtype=np.int64),
    )
    for row in rows:
        posts = np.array(row["posts_each"], dtype=np.int64)
        row |= spread("gini", gini_interval(posts, np.array(row["parties_so_loud"], dtype=np.int64)))
    return answer(COLUMNS, rows, [found.words] if rows else [])
