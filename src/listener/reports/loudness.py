"""One person with a large bullhorn, or many customers with the same problem?"""

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read
from listener.statistics.ranking import disagreement

COLUMNS = (
    *("cause", "parties", "posts", "copies", "loudest_share", "gini", "effective_parties", "reach"),
    *("rank_by_parties", "rank_by_posts", "moved"),
)


def loudness(client: Client, window: Window) -> Answer:
    """Each root cause by people and by noise, from the view `loudness`.

    parties: people with a contact of their own; posts: all that was said, also by those who only pass on others'
    words; copies: posts in words that were there already. moved: rank by posts less rank by parties, below 0
    where noise makes it look larger than it is.

    gini: 0 where all said equally much, towards 1 where one said it all; C. Gini, Variabilità e mutabilità
    (1912), as in A. Sen, On Economic Inequality (1973): the mean difference over twice the mean.
    effective_parties: as many equally loud parties would be as concentrated, 1 / the sum of squared shares; M. O.
    Hill, Diversity and evenness, Ecology 54 (1973) 427-432, order 2. They describe what was posted and estimate
    nothing: so they have no interval.
    """
    rows = read(client, "loudness", window)
    found = disagreement(
        [row["cause"] for row in rows],
        np.array([row["parties"] for row in rows], dtype=np.int64),
        np.array([row["posts"] for row in rows], dtype=np.int64),
    )
    return answer(COLUMNS, rows, [found.words] if rows else [])
