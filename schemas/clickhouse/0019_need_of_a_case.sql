-- What the first contact that asked for something wanted, so that people are compared who wanted alike. Rows that are
-- older than this have it empty, and are compared with each other, until their cases are told anew: `listener rewind` lets
-- the sink store the topic again.

ALTER TABLE cases ADD COLUMN IF NOT EXISTS need LowCardinality(String)
    COMMENT 'What the first contact that wants an answer is, or the first where none does; values as in mentions' AFTER channel;
ALTER TABLE case_facts ADD COLUMN IF NOT EXISTS need LowCardinality(String) COMMENT 'Need of that contact, as in cases' AFTER channel;

ALTER TABLE case_facts_of_cases MODIFY QUERY
SELECT
    sipHash64(case_id) AS case_key,
    sipHash64(anchor) AS anchor_key,
    sipHash64(anchor_author) AS author_id,
    bitOr(bitAnd(sipHash64(party), bitNot(toUInt64(1))), startsWith(party, 'c:')) AS party_id,
    case_version,
    state,
    historical,
    level,
    root_cause,
    root_cause_owner,
    notEmpty(severity) AS severe,
    segment,
    failed_contacts,
    goodwill_amounts,
    goodwill_currencies,
    clock_kinds,
    clock_states,
    clock_due_at,
    clock_families,
    clock_jurisdictions,
    asked_at,
    channel,
    need,
    visibility,
    source,
    first_answer_at,
    first_answer_channel,
    ended_at,
    private_attempts,
    went_public_at IS NOT NULL AS went_public,
    executive_answers,
    opened_at,
    last_at,
    version
FROM cases;

CREATE OR REPLACE VIEW current_cases AS
SELECT
    c.* EXCEPT (party, version, snapshot_partition, snapshot_offset),
    if(p.epoch >= bitShiftRight(c.case_version, 32), p.party, c.party) AS party
FROM cases AS c FINAL
LEFT JOIN (SELECT author, party, epoch FROM parties FINAL WHERE epoch > 1) AS p ON c.anchor_author = p.author
COMMENT 'Each case, its newest snapshot; columns as in cases';

CREATE OR REPLACE VIEW current_case_facts AS
SELECT f.* EXCEPT (party_id, version), if(p.last_epoch > 0, p.party_id, f.party_id) AS party
FROM case_facts AS f FINAL
LEFT ASOF JOIN moved_authors AS p ON f.author_id = p.author_id AND bitShiftRight(f.case_version, 32) <= p.last_epoch
WHERE f.state != 'superseded'
SETTINGS do_not_merge_across_partitions_select_final = 1, join_algorithm = 'hash'
COMMENT 'Each case that is not superseded, its newest snapshot, with the hash of its party';

CREATE OR REPLACE VIEW case_times AS
WITH
    (SELECT (toUnixTimestamp64Milli(live_until), toUnixTimestamp64Milli(historical_until)) FROM observed) AS ends,
    toInt64(9223372036854775807) AS never
SELECT
    case_key,
    author_id,
    epoch,
    party_id,
    asked_ms,
    channel,
    need,
    visibility,
    root_cause,
    severe,
    segment,
    state,
    first_answer_channel,
    toUInt8(multiIf(deleted_ms < answered_ms, 3, answered_ms != never, 1, ended_ms != never, 2, 0)) AS answer_ended,
    toUInt8(multiIf(deleted_ms < ended_ms, 3, ended_ms = never, 0, state = 'resolved', 1, 2)) AS resolution_ended,
    toUInt64(greatest(0, multiIf(least(deleted_ms, answered_ms) != never, least(deleted_ms, answered_ms),
        ended_ms != never, ended_ms, until_ms) - asked_ms)) AS waited_ms,
    toUInt64(greatest(0, if(least(deleted_ms, ended_ms) != never, least(deleted_ms, ended_ms), until_ms) - asked_ms))
        AS resolved_ms
FROM
(
    SELECT
        f.case_key AS case_key,
        f.author_id AS author_id,
        bitShiftRight(f.case_version, 32) AS epoch,
        f.party_id AS party_id,
        f.channel AS channel,
        f.need AS need,
        f.visibility AS visibility,
        f.root_cause AS root_cause,
        f.severe AS severe,
        f.segment AS segment,
        f.state AS state,
        f.first_answer_channel AS first_answer_channel,
        f.asked_ms AS asked_ms,
        f.answered_ms AS answered_ms,
        f.ended_ms AS ended_ms,
        if(d.contact_key = 0, never, d.deleted_ms) AS deleted_ms,
        if(f.historical, assumeNotNull(tupleElement(ends, 2)), assumeNotNull(tupleElement(ends, 1))) AS until_ms
    FROM case_facts AS f FINAL
    LEFT ANY JOIN deleted_contacts AS d ON f.anchor_key = d.contact_key
    WHERE f.asked_ms != never AND f.state != 'superseded'
    SETTINGS do_not_merge_across_partitions_select_final = 1, join_algorithm = 'hash'
)
COMMENT 'As wait_times, with the party and epoch of the snapshot';

CREATE OR REPLACE VIEW wait_times AS
SELECT
    c.* EXCEPT (author_id, epoch, party_id),
    if(p.last_epoch >= greatest(c.epoch, 1), p.party_id, c.party_id) AS party
FROM case_times AS c
LEFT ANY JOIN moved_authors AS p ON c.author_id = p.author_id
SETTINGS join_algorithm = 'hash'
COMMENT 'As waits, in numbers';

-- `waits` in few bytes: the same cases, party as a hash.
CREATE OR REPLACE VIEW wait_facts AS
SELECT
    case_key,
    party,
    fromUnixTimestamp64Milli(asked_ms, 'UTC') AS asked_at,
    channel,
    need,
    visibility,
    root_cause,
    severe,
    segment,
    first_answer_channel,
    CAST([4, 2, 3, 1][answer_ended + 1], 'Enum8(\'deleted\' = 1, \'answered\' = 2, \'closed\' = 3, \'waiting\' = 4)')
        AS outcome,
    multiIf(resolution_ended = 3, 'deleted', resolution_ended = 0, 'open', toString(state)) AS resolution,
    waited_ms / 3600000 AS hours,
    resolved_ms / 3600000 AS resolution_hours
FROM wait_times
COMMENT 'As waits, with hashes instead of ids';

CREATE OR REPLACE VIEW waits AS
SELECT
    case_id,
    party,
    historical,
    opened_at,
    asked_at,
    channel,
    need,
    visibility,
    source,
    root_cause,
    notEmpty(severity) AS severe,
    segment,
    first_answer_channel,
    first_answer_level,
    multiIf(gone AND (first_answer_at IS NULL OR first_answer_at > deleted_at), 'deleted',
        first_answer_at IS NOT NULL, 'answered', ended_at IS NOT NULL, 'closed', 'waiting') AS outcome,
    multiIf(gone AND (ended_at IS NULL OR ended_at > deleted_at), 'deleted',
        ended_at IS NOT NULL, state, 'open') AS resolution,
    greatest(0, date_diff('millisecond', assumeNotNull(asked_at), multiIf(outcome = 'deleted', deleted_at,
        outcome = 'answered', assumeNotNull(first_answer_at), outcome = 'closed', assumeNotNull(ended_at), until)))
        / 3600000 AS hours,
    greatest(0, date_diff('millisecond', assumeNotNull(asked_at), multiIf(resolution = 'deleted', deleted_at,
        resolution = 'open', until, assumeNotNull(ended_at)))) / 3600000 AS resolution_hours
FROM
(
    SELECT
        c.*,
        t.mention_id != '' AS gone,
        t.deleted_at AS deleted_at,
        if(c.historical, (SELECT historical_until FROM observed), (SELECT live_until FROM observed)) AS until
    FROM current_cases AS c
    LEFT JOIN (SELECT mention_id, min(deleted_at) AS deleted_at FROM mention_tombstones GROUP BY mention_id) AS t
        ON c.anchor = t.mention_id
    WHERE c.state != 'superseded' AND c.asked_at IS NOT NULL
)
COMMENT 'Cases in which somebody asked: how long until a person answered, and until it was resolved';

-- Who is treated how, like compared with like: parties by reach (the most followers that were ever told of one of their
-- accounts), by the source's mark on one, by segment, within the same channel, need, cause and severity; a party's first
-- case there counts.
-- in_a_day: answered by a person within 24 hours. Only cases that could be observed for so long.
CREATE OR REPLACE VIEW fairness AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    (
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM case_facts)),
        (SELECT groupArray(root_cause) FROM (SELECT DISTINCT root_cause FROM case_facts)),
        (SELECT groupArray(segment) FROM (SELECT DISTINCT segment FROM case_facts)),
        (SELECT groupArray(need) FROM (SELECT DISTINCT need FROM case_facts))
    ) AS names
SELECT
    tupleElement(trait, 1) AS attribute,
    tupleElement(trait, 2) AS value,
    channel,
    need,
    root_cause,
    severe,
    sum(people) AS parties,
    sum(quick) AS in_a_day
FROM
(
    SELECT
        tupleElement(names, 1)[toUInt8(bitShiftRight(what, 30))] AS channel,
        tupleElement(names, 4)[bitAnd(bitShiftRight(what, 26), 15)] AS need,
        tupleElement(names, 2)[toUInt16(bitShiftRight(what, 10))] AS root_cause,
        bitTest(what, 9) AS severe,
        tupleElement(names, 3)[toUInt16(bitShiftRight(what, 38))] AS segment,
        -- the highest of the bits
        ['not told', 'below 100', '100 to 999', '1000 to 9999', '10000 and more'][1 + multiIf(bitTest(what, 3), 4,
            bitTest(what, 2), 3, bitTest(what, 1), 2, bitTest(what, 0), 1, 0)] AS reach,
        ['not told', 'no', 'yes'][1 + multiIf(bitTest(what, 5), 2, bitTest(what, 4), 1, 0)] AS marked,
        people,
        quick
    FROM
    (
        SELECT bitAnd(one, 18446744073709551359) AS what, count() AS people, countIf(bitTest(one, 8)) AS quick
        FROM
        (
            -- a number for each first case of a stratum; of most parties there is but one case
            SELECT arrayJoin(arrayMap(case_of_party -> bitAnd(toUInt64(case_of_party), 36028797018963967),
                if(length(cases) = 1, cases, arrayFilter((one, before) -> bitShiftRight(one, 99) != bitShiftRight(before, 99),
                    arraySort(cases) AS sorted, arrayPushFront(arrayPopBack(sorted), toUInt128(0)))))) + traits_of AS one
            FROM
            (
                SELECT groupArrayIf(code, code != 0) AS cases, groupBitOr(traits) AS traits_of
                FROM
                (
                    -- parties as in current_contact_facts
                    SELECT
                        if(p.last_epoch >= greatest(a.epoch, 1), p.party_id, a.party_id) AS party,
                        toUInt128(0) AS code,
                        a.traits AS traits
                    FROM account_traits AS a
                    LEFT ANY JOIN moved_authors AS p ON a.author_id = p.author_id
                    SETTINGS join_algorithm = 'partial_merge'
                    UNION ALL
                    -- from below: 8 bits for traits, answered in a day, 29 of the stratum, 16 of the segment, which are kept:
                    -- above them the time in ms since 1900 and again the stratum, by which cases are sorted
                    SELECT
                        party,
                        bitShiftLeft(toUInt128(stratum), 99)
                        + bitShiftLeft(toUInt128(toUInt64(asked_ms + 2208988800000)), 55)
                        + (bitShiftLeft(toUInt64(transform(segment, tupleElement(names, 3),
                            arrayEnumerate(tupleElement(names, 3)), 0)), 38)
                        + bitShiftLeft(toUInt64(stratum), 9)
                        + bitShiftLeft(toUInt64(answer_ended = 1 AND waited_ms <= 86400000), 8)) AS code,
                        toUInt8(0) AS traits
                    FROM
                    (
                        SELECT party, asked_ms, segment, answer_ended, waited_ms,
                            toUInt32(bitShiftLeft(toUInt32(transform(channel, tupleElement(names, 1),
                                arrayEnumerate(tupleElement(names, 1)), 0)), 21)
                            + bitShiftLeft(toUInt32(transform(need, tupleElement(names, 4),
                                arrayEnumerate(tupleElement(names, 4)), 0)), 17)
                            + bitShiftLeft(toUInt32(transform(root_cause, tupleElement(names, 2),
                                arrayEnumerate(tupleElement(names, 2)), 0)), 1) + severe) AS stratum
                        FROM wait_times
                        WHERE asked_ms >= toUnixTimestamp64Milli(since_at) AND asked_ms < toUnixTimestamp64Milli(until_at)
                            AND (answer_ended != 0 OR waited_ms >= 86400000)
                    )
                )
                GROUP BY party
                HAVING notEmpty(cases)
            )
        )
        GROUP BY what
    )
)
ARRAY JOIN
[
    ('reach', reach),
    ('verified', marked),
    ('segment', if(segment = '', 'none', toString(segment)))
] AS trait
GROUP BY attribute, value, channel, need, root_cause, severe
ORDER BY attribute, value, channel, need, root_cause, severe
COMMENT 'Parties answered within a day, by reach, mark and segment, within channel, need, cause and severity';
