-- What was ever told of an account's reach and of its mark, so that `fairness` need not look through all it said. Bits are
-- only ever added: what comes twice or late changes nothing, and no edit or later classification takes any back.

CREATE TABLE IF NOT EXISTS account_traits
(
    author_id UInt64 COMMENT 'Hash of the account',
    epoch UInt64 COMMENT 'Epoch of the author when it was told',
    party_id UInt64 COMMENT 'Hash of the party then, odd: a customer; the truth is in parties',
    traits SimpleAggregateFunction(groupBitOr, UInt8) COMMENT 'Bits, as in contact_facts, of all that was told',
    first_said_at SimpleAggregateFunction(min, DateTime64(3, 'UTC'))
        COMMENT 'When the first of it was said, or heard where that was earlier',
    received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the last of it was heard'
)
ENGINE = AggregatingMergeTree
ORDER BY (author_id, epoch, party_id)
COMMENT 'Reach and mark of accounts that said something of their own; an account can have several rows, to be joined by OR';

CREATE MATERIALIZED VIEW IF NOT EXISTS account_traits_of_contact_facts TO account_traits AS
SELECT
    f.author_id AS author_id,
    f.epoch AS epoch,
    f.party_id AS party_id,
    groupBitOr(f.traits) AS traits,
    min(least(f.occurred_at, f.received_at)) AS first_said_at,
    max(f.received_at) AS received_at
FROM contact_facts AS f
WHERE f.inbound AND f.traits != 0 AND f.need NOT IN ('mention', 'copy', 'spam')
GROUP BY f.author_id, f.epoch, f.party_id
COMMENT 'Fills account_traits';

-- What was there before; the sinks are stopped meanwhile.
INSERT INTO account_traits
SELECT author_id, epoch, party_id, groupBitOr(traits), min(least(occurred_at, received_at)), max(received_at)
FROM contact_facts
WHERE inbound AND traits != 0 AND need NOT IN ('mention', 'copy', 'spam')
GROUP BY author_id, epoch, party_id;

-- Who is treated how, like compared with like: parties by reach (the most followers that were ever told of one of their
-- accounts), by the source's mark on one, by segment, within the same channel, cause and severity; a party's first case
-- there counts.
-- in_a_day: answered by a person within 24 hours. Only cases that could be observed for so long.
CREATE OR REPLACE VIEW fairness AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    (
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM case_facts)),
        (SELECT groupArray(root_cause) FROM (SELECT DISTINCT root_cause FROM case_facts)),
        (SELECT groupArray(segment) FROM (SELECT DISTINCT segment FROM case_facts))
    ) AS names
SELECT
    tupleElement(trait, 1) AS attribute,
    tupleElement(trait, 2) AS value,
    channel,
    root_cause,
    severe,
    sum(people) AS parties,
    sum(quick) AS in_a_day
FROM
(
    SELECT
        tupleElement(names, 1)[toUInt8(bitShiftRight(what, 26))] AS channel,
        tupleElement(names, 2)[toUInt16(bitShiftRight(what, 10))] AS root_cause,
        bitTest(what, 9) AS severe,
        tupleElement(names, 3)[toUInt16(bitShiftRight(what, 34))] AS segment,
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
            SELECT arrayJoin(arrayMap(case_of_party -> bitAnd(toUInt64(case_of_party), 2251799813685247),
                if(length(cases) = 1, cases, arrayFilter((one, before) -> bitShiftRight(one, 96) != bitShiftRight(before, 96),
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
                    -- from below: 8 bits for traits, answered in a day, 25 of the stratum, 16 of the segment, which are kept:
                    -- above them the time in ms since 1900 and again the stratum, by which cases are sorted
                    SELECT
                        party,
                        bitShiftLeft(toUInt128(stratum), 96)
                        + bitShiftLeft(toUInt128(toUInt64(asked_ms + 2208988800000)), 51)
                        + (bitShiftLeft(toUInt64(transform(segment, tupleElement(names, 3),
                            arrayEnumerate(tupleElement(names, 3)), 0)), 34)
                        + bitShiftLeft(toUInt64(stratum), 9)
                        + bitShiftLeft(toUInt64(answer_ended = 1 AND waited_ms <= 86400000), 8)) AS code,
                        toUInt8(0) AS traits
                    FROM
                    (
                        SELECT party, asked_ms, segment, answer_ended, waited_ms,
                            toUInt32(bitShiftLeft(toUInt32(transform(channel, tupleElement(names, 1),
                                arrayEnumerate(tupleElement(names, 1)), 0)), 17)
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
GROUP BY attribute, value, channel, root_cause, severe
ORDER BY attribute, value, channel, root_cause, severe
COMMENT 'Parties answered within a day, by reach, mark and segment, within channel, cause and severity';
