"""How long each report takes on many mentions, which ClickHouse makes up: ``python -m bench.report_times``.

They come as they would: in the order of their times, one in fifty late; one in a hundred comes twice, and as many
are edited or deleted; one author in fifty turns out to be a customer, and one case in twenty has a later snapshot.
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from os import getloadavg, sysconf
from pathlib import Path
from statistics import median

import numpy as np
from clickhouse_driver import Client

from bench.results import save
from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate
from listener.domain.enriched import NO_CAUSE
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.ports import free_port
from listener.reports.answer import Window
from listener.reports.mistakes import Mistakes
from listener.reports.reports import REPORTS, report
from listener.statistics.confusion import Confusion
from listener.statistics.linkage import LinkageQuality

QUARTER = Window(datetime(2025, 10, 2, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))
"""The last 90 days in which mentions came."""
CASE_OF_MENTIONS = 3
"""So many mentions make one case."""
AUTHORS_OF_MENTIONS = 5
CHUNK = 500_000
MERGE_SECONDS = 3600.0
"""So long a merge of all parts of a table may say nothing."""

MENTIONS = """
INSERT INTO mentions (mention_id, source, source_kind, native_id, author, history_author, channel, visibility,
    direction, text, followers, verified_author, occurred_at, received_at, need, needs_response, severity, causes,
    cause_owners, cause_scores, complaint, copy_of, party, epoch, version)
WITH
    number % {authors} AS who,
    cityHash64(number) AS chance,
    transform(chance % 10, [0, 1, 2, 3, 4, 5], ['social', 'social', 'forum', 'email', 'phone', 'web_feedback'],
        'social') AS told,
    toDateTime64('2024-01-01', 3, 'UTC') + INTERVAL toInt64(63072000 * (number / {mentions})
        * if(chance % 50 = 0, (chance % 1009) / 1009, 1)) SECOND AS at,
    if(chance % 7 = 0, [], [concat('cause-', toString(intDiv(chance, 10) % 20))]) AS found
SELECT
    concat('b:', toString(number)), 'bench', 'b', toString(number), concat('b:u', toString(who)),
    concat('b:u', toString(who)), told, if(told IN ('social', 'forum'), 'public', 'private'),
    'inbound', repeat('late again ', 1 + chance % 10),
    if(told IN ('social', 'forum'), chance % 20000, NULL), if(told = 'social', chance % 50 = 0, NULL), at,
    at + INTERVAL chance % 3600 SECOND, if(chance % 3 = 0, 'question', 'complaint'), true,
    if(chance % 100 = 0, ['safety'], []), found, arrayMap(one -> 'owner', found), arrayMap(one -> 0.7, found), 0.8,
    if(chance % 20 = 0, toString(chance % 1000), ''),
    if(who % 3 = 0, concat('c:', toString(who)), concat('a:b:u', toString(who))), 1, toUInt128(number) + {version}
FROM numbers({first}, {count}) WHERE number % {each} = 0
"""
CASES = """
INSERT INTO cases (case_id, case_version, party, anchor, anchor_author, state, queue, level, root_cause,
    root_cause_owner, segment, contacts, contact_count, failed_contacts, response_count, goodwill_amounts,
    goodwill_currencies, clock_kinds, clock_states, clock_due_at, clock_families, clock_jurisdictions, asked_at,
    channel, need, visibility, source, first_answer_at, first_answer_channel, first_answer_level, ended_at,
    private_attempts, went_public_at, executive_answers, opened_at, last_at, version)
WITH
    number * {every} AS mention,
    mention % {authors} AS who,
    cityHash64(mention) AS chance,
    transform(chance % 10, [0, 1, 2, 3, 4, 5], ['social', 'social', 'forum', 'email', 'phone', 'web_feedback'],
        'social') AS told,
    toDateTime64('2024-01-01', 3, 'UTC') + INTERVAL toInt64(63072000 * (mention / {mentions})) SECOND AS at,
    at + INTERVAL exp(6 + 8 * (chance % 1000) / 1000) SECOND AS then,
    chance % 3 != 0 AS answered
SELECT
    concat('K-', toString(number)), bitShiftLeft(toUInt64(1), 32) + {version},
    if(who % 3 = 0, concat('c:', toString(who)), concat('a:b:u', toString(who))),
    concat('b:', toString(mention)), concat('b:u', toString(who)), if(answered, 'resolved', 'new'), 'complaints',
    if(chance % 200 = 0, 'executive', 'front_line'), concat('cause-', toString(intDiv(chance, 10) % 20)), 'owner',
    transform(chance % 4, [0, 1], ['business', 'plus'], 'consumer'), [concat('b:', toString(mention))], 1,
    chance % 3, answered, if(chance % 30 = 0, [10.], []), if(chance % 30 = 0, ['EUR'], []),
    ['first_response'], [if(answered, 'met', 'breached')], [at + INTERVAL 1 DAY], ['promise'], [''], at,
    told, if(chance % 3 = 0, 'question', 'complaint'), if(told IN ('social', 'forum'), 'public', 'private'),
    'bench', if(answered, then, NULL), if(answered, told, ''), if(answered, 'front_line', ''),
    if(answered, then, NULL), 1, if(chance % 40 = 0, then, NULL), chance % 400 = 0, at, at, toUInt128({version})
FROM numbers({first}, {count}) WHERE number % {each} = 0
"""
TOMBSTONES = """
INSERT INTO mention_tombstones (mention_id, author, deleted_at, received_at, version)
SELECT concat('b:', toString(number)), concat('b:u', toString(number % {authors})), '2025-12-31', '2025-12-31', 1
FROM numbers({mentions}) WHERE number % 199 = 0
"""
HOLES = """
INSERT INTO black_holes (case_id, contact, case_version, author, source, channel, queue, since, due_at, became_at,
    ended_at, version)
SELECT case_id, anchor, case_version, anchor_author, source, channel, queue, opened_at, opened_at, opened_at,
    ended_at, version
FROM cases FINAL WHERE cityHash64(case_id) % 20 = 0
"""
FIXES = """
INSERT INTO fixes (fix_id, root_cause, effective_at, declared_by, declared_at, version)
SELECT toString(number), concat('cause-', toString(number)), '2025-03-01', 'bench', '2025-03-01', 1 FROM numbers(2)
"""
PARTIES = """
INSERT INTO parties (author, party, epoch, customer_id, method, version)
SELECT concat('b:u', toString(number)), if(number % 3 = 0 OR number % 100 = 1,
    concat('c:', toString(intDiv(number, 3) * 3)), concat('a:b:u', toString(number))),
    if(number % 100 < 2, 2, 1), '', 'none', toUInt128(number)
FROM numbers({authors})
"""
OUTCOMES = """
INSERT INTO outcomes (outcome_id, customer_id, kind, value, occurred_at, version)
SELECT toString(number), toString(number * 3), ['csat', 'repeat_purchase', 'churn'][1 + number % 3],
    1 + number % 5, toDateTime64('2025-06-01', 3, 'UTC'), toUInt128(number)
FROM numbers({count})
"""


CORRECTED = "root-causes, mistakes taken in"
"""As it is asked where a trained model is in use."""
ASKED = (*REPORTS, CORRECTED)
TABLES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%%MergeTree'"
PARTS = """
SELECT table, count() FROM system.parts WHERE active AND database = currentDatabase()
    AND (table LIKE '%%facts' OR table = 'account_traits')
GROUP BY table
"""


def fill(client: Client, mentions: int) -> None:
    """Makes up mentions, a fifth as many authors, a third as many cases, and the rest; every table as inserted."""
    authors, cases = max(1, mentions // AUTHORS_OF_MENTIONS), mentions // CASE_OF_MENTIONS
    told = {"authors": authors, "mentions": mentions, "every": CASE_OF_MENTIONS}
    for statement, total, repeated in ((MENTIONS, mentions, 100), (CASES, cases, 20)):
        for first in range(0, total, CHUNK):
            chunk = {"first": first, "count": min(CHUNK, total - first)} | told
            client.execute(statement.format(**chunk, each=1, version=1))
        whole = {"first": 0, "count": total} | told
        client.execute(statement.format(**whole, each=repeated, version=1))
        client.execute(statement.format(**whole, each=repeated + 1, version=2))
    client.execute(PARTIES.format(authors=authors))
    client.execute(OUTCOMES.format(count=authors // 3))
    client.execute(TOMBSTONES.format(**told))
    client.execute(HOLES)
    client.execute(FIXES)


def seconds(client: Client, name: str, engine: int, times: int) -> dict[str, float]:
    """How long a report takes: on everything, with what it costs two processes; and on the last 90 days.

    Args:
        engine: process id of the engine, whose processor time it counts; on a machine that others use the clock
            says little.
        times: asked so often; the medians count.
    """
    of_engine, here = processor_seconds(engine), time.process_time()
    everything = _median_seconds(client, name, Window(), times)
    costs = (processor_seconds(engine) - of_engine) / times, (time.process_time() - here) / times
    return {
        "seconds": round(everything, 2),
        "engine_cpu_seconds": round(costs[0], 2),
        "python_cpu_seconds": round(costs[1], 2),
        "seconds_of_quarter": round(_median_seconds(client, name, QUARTER, times), 2),
    }


def _median_seconds(client: Client, name: str, window: Window, times: int) -> float:
    ask = report("root-causes", mistakes=_mistakes(client)) if name == CORRECTED else report(name)
    taken = []
    for _ in range(times):
        started = time.monotonic()
        ask(client, window)
        taken.append(time.monotonic() - started)
    return median(taken)


def _mistakes(client: Client) -> Mistakes:
    """Of a model that is right about four contacts in five, checked on 300 of each cause, and of a match."""
    causes = [cause for (cause,) in client.execute("SELECT DISTINCT cause FROM cause_names ORDER BY cause")]
    labels = (*causes, NO_CAUSE)
    right = np.eye(len(labels), dtype=np.int64)
    said = right * 240 + (1 - right) * (60 // max(1, len(causes)))
    return Mistakes(Confusion(labels, said), LinkageQuality(900, 20, 100), "made up")


def processor_seconds(process: int) -> float:
    """What a process has used of all processors so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")


def main() -> None:
    """Fills an empty engine and asks it; JSON on standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.report_times", description=__doc__)
    parser.add_argument("--mentions", type=int, default=10_000_000)
    parser.add_argument("--merged", action="store_true", help="merge all parts before asking")
    parser.add_argument(
        "--data", type=Path, help="keep them in this directory, and ask what is there the next time"
    )
    parser.add_argument(
        "--times", type=int, default=7, help="each report is asked so often; the median counts"
    )
    parser.add_argument("--report", nargs="*", default=list(ASKED), choices=ASKED, help="these alone")
    parser.add_argument("--save", action="store_true", help="write bench/results/reports.json as well")
    given = parser.parse_args()
    load_before = getloadavg()[0]
    with ExitStack() as stack:
        directory = given.data or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="listener-bench-"))
        )
        server = ClickHouseServer(directory, free_port(), secrets.token_urlsafe(9), secrets.token_urlsafe(9))
        stack.callback(server.stop)
        server.start()
        server.wait_ready()
        migrate(server.url)
        client = connect(server.url, answer_timeout_seconds=MERGE_SECONDS)
        if client.execute("SELECT count() FROM fixes") == [(0,)]:
            fill(client, given.mentions)
        if given.merged:
            for (table,) in client.execute(TABLES):
                client.execute(f"OPTIMIZE TABLE {table} FINAL")
        [(mentions,)] = client.execute("SELECT count() FROM mentions FINAL")
        rows = []
        for name in given.report:
            rows.append({"report": name} | seconds(client, name, server.pid or 0, given.times))
            print(rows[-1], file=sys.stderr, flush=True)
        parts = dict(client.execute(PARTS))
    told = {"mentions": mentions, "merged": given.merged, "parts": parts, "reports": rows}
    if given.save:
        save("reports", {"sizes": [told]}, sys.argv[1:], load_before, program="python -m bench.report_times")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
