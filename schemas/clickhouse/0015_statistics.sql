-- What intervals need beside the reports' own figures, and what is watched for the unusual. Additive: no table and no
-- report changes.

-- Parties by how many contacts they have and how many of these the model gave a cause, the first of a contact: for
-- since <= occurred_at < until. The row with an empty cause counts all parties with so many contacts.
CREATE OR REPLACE VIEW cause_histogram AS
SELECT
    tupleElement(one, 1) AS cause,
    contacts,
    tupleElement(one, 2) AS with_cause,
    count() AS parties
FROM
(
    SELECT
        count() AS contacts,
        sumMap([if(empty(causes), 'unknown', causes[1])], [toUInt64(1)]) AS by_cause,
        arrayJoin(arrayPushFront(arrayZip(tupleElement(by_cause, 1), tupleElement(by_cause, 2)), ('', toUInt64(0))))
            AS one
    FROM current_contact_facts
    WHERE need != 'copy' AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    GROUP BY party
)
GROUP BY cause, contacts, with_cause
ORDER BY cause, contacts, with_cause
COMMENT 'Parties by contacts, and contacts of a cause: what the mistakes of a model are taken out of';

-- Distinct accounts by the first cause of their contacts; with an empty cause all.
CREATE OR REPLACE VIEW cause_accounts AS
SELECT
    arrayJoin(['', if(empty(causes), 'unknown', causes[1])]) AS cause,
    uniqExact(author_id) AS accounts
FROM current_contact_facts
WHERE need != 'copy' AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY cause
ORDER BY cause
COMMENT 'Distinct accounts by root cause';

-- What `channels` counts, in one pass. of: cases, for each channel, cause and severity; parties, for each channel.
-- Of cases: how many waited how long, in the bins of `waits_in_bins`, until an answer and until it was resolved, as ends
-- of bins, how the wait ended (0 not yet, 1 answered or resolved, 2 otherwise, 3 the first contact was deleted, 4
-- answered in another channel), and cases.
-- Of parties, from which intervals that take people as the unit are made: n cases of a party, k of them answered within 1,
-- 24, 168 hours; sums of n, k, n², k² and nk over the parties. hours: those waited up to 168, all 168 where nobody
-- answered; their sum, the sum of each case's square, of each party's square, and of n times each party's.
CREATE OR REPLACE VIEW channel_waits AS
WITH
    (
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM case_facts)),
        (SELECT groupArray(visibility) FROM (SELECT DISTINCT visibility FROM case_facts)),
        (SELECT groupArray(root_cause) FROM (SELECT DISTINCT root_cause FROM case_facts))
    ) AS names
SELECT
    if(of_party, 'parties', 'cases') AS of,
    tupleElement(names, 1)[toUInt8(place)] AS channel,
    tupleElement(names, 2)[bitShiftRight(place, 8)] AS visibility,
    tupleElement(names, 3)[bitShiftRight(matter, 1)] AS root_cause,
    matter % 2 = 1 AS severe,
    arrayMap(one -> multiIf(one < 8000, bitShiftRight(one, 3) / 60, one < 16000, (bitShiftRight(one, 3) - 1000) / 4,
        one < 24000, toFloat64(bitShiftRight(one, 3) - 2000), toFloat64((bitShiftRight(one, 3) - 3000) * 24)),
        tupleElement(answers, 1)) AS answer_hours,
    arrayMap(one -> toUInt8(one % 8), tupleElement(answers, 1)) AS answer_ended,
    tupleElement(answers, 2) AS answer_cases,
    arrayMap(one -> multiIf(one < 8000, bitShiftRight(one, 3) / 60, one < 16000, (bitShiftRight(one, 3) - 1000) / 4,
        one < 24000, toFloat64(bitShiftRight(one, 3) - 2000), toFloat64((bitShiftRight(one, 3) - 3000) * 24)),
        tupleElement(resolutions, 1)) AS resolution_hours,
    arrayMap(one -> toUInt8(one % 8), tupleElement(resolutions, 1)) AS resolution_ended,
    tupleElement(resolutions, 2) AS resolution_cases,
    parties,
    cases,
    cases_squared,
    with_it,
    with_it_squared,
    crossed,
    hours,
    hours_squared,
    hours_of_parties_squared,
    hours_crossed
FROM
(
    WITH
        bitAnd(cases_1h, 4294967295) AS n,
        bitShiftRight(cases_1h, 32) AS k_1h,
        bitAnd(day_week, 4294967295) AS k_24h,
        bitShiftRight(day_week, 32) AS k_168h,
        waited_ms / 3600000 AS waited
    SELECT
        of_party,
        place,
        matter,
        sumMapIf([answer], [n], NOT of_party) AS answers,
        sumMapIf([solved], [n], NOT of_party) AS resolutions,
        count() AS parties,
        sum(n) AS cases,
        sum(n * n) AS cases_squared,
        [sum(k_1h), sum(k_24h), sum(k_168h)] AS with_it,
        [sum(k_1h * k_1h), sum(k_24h * k_24h), sum(k_168h * k_168h)] AS with_it_squared,
        [sum(n * k_1h), sum(n * k_24h), sum(n * k_168h)] AS crossed,
        sum(waited) AS hours,
        sum(squared) AS hours_squared,
        sum(waited * waited) AS hours_of_parties_squared,
        sum(n * waited) AS hours_crossed
    FROM
    (
        -- two numbers below 2^32 in one: the sums of both
        SELECT
            grouping(party) = 0 AS of_party,
            place,
            matter,
            answer,
            solved,
            sum(1 + bitShiftLeft(toUInt64(answered_ms <= 3600000), 32)) AS cases_1h,
            sum(toUInt64(answered_ms <= 86400000) + bitShiftLeft(toUInt64(answered_ms <= 604800000), 32)) AS day_week,
            sum(toUInt64(least(answered_ms, 604800000))) AS waited_ms,
            sum(pow(least(answered_ms, 604800000) / 3600000, 2)) AS squared
        FROM
        (
            SELECT
                party,
                toUInt16(transform(channel, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0)
                    + bitShiftLeft(transform(visibility, tupleElement(names, 2),
                        arrayEnumerate(tupleElement(names, 2)), 0), 8)) AS place,
                toUInt32(transform(root_cause, tupleElement(names, 3), arrayEnumerate(tupleElement(names, 3)), 0) * 2
                    + severe) AS matter,
                if(outcome = 'answered', toInt64(round(hours * 3600000)), toInt64(9223372036854775807)) AS answered_ms,
                toUInt32(multiIf(hours <= 4, ceil(hours * 60), hours <= 48, 1000 + ceil(hours * 4),
                    hours <= 336, 2000 + ceil(hours), 3000 + ceil(hours / 24)) * 8
                    + multiIf(outcome = 'waiting', 0, outcome = 'closed', 2, outcome = 'deleted', 3, first_answer_channel = channel, 1, 4)) AS answer,
                toUInt32(multiIf(resolution_hours <= 4, ceil(resolution_hours * 60), resolution_hours <= 48, 1000 + ceil(resolution_hours * 4),
                    resolution_hours <= 336, 2000 + ceil(resolution_hours), 3000 + ceil(resolution_hours / 24)) * 8
                    + transform(resolution, ['resolved', 'open', 'deleted'], [1, 0, 3], 2)) AS solved
            FROM wait_facts
            WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
                AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
        )
        GROUP BY GROUPING SETS ((party, place), (place, matter, answer, solved))
    )
    GROUP BY of_party, place, matter
)
ORDER BY of, visibility, channel, root_cause, severe
COMMENT 'How long cases waited, by channel and cause, with sums over parties for intervals: one pass for `channels`';

-- Sums over parties of who came back: n cases that a person answered by this channel, came_back and came_back_same of them, and
-- came_back_public; of those who came back, the other two. next_channels: cases by the channel of what came next.
CREATE OR REPLACE VIEW what_we_teach_by_party AS
WITH
    (
        SELECT groupUniqArray(name)
        FROM (SELECT DISTINCT channel AS name FROM case_facts UNION ALL
            SELECT DISTINCT first_answer_channel AS name FROM case_facts)
    ) AS names,
    arrayMap(name -> indexOf(names, name), ['social', 'forum', 'review']) AS in_public
SELECT
    names[answered_number] AS answered_by,
    count() AS parties,
    sum(n) AS cases,
    sum(n * n) AS cases_squared,
    sum(length(nexts)) AS came_back,
    sum(length(nexts) * length(nexts)) AS came_back_squared,
    sum(n * length(nexts)) AS cases_came_back,
    countIf(notEmpty(nexts)) AS parties_back,
    sum(same) AS came_back_same,
    sum(same * same) AS came_back_same_squared,
    sum(length(nexts) * same) AS came_back_crossed_same,
    sum(public) AS came_back_public,
    sum(public * public) AS came_back_public_squared,
    sum(length(nexts) * public) AS came_back_crossed_public,
    mapApply((number, again) -> (names[number], again), CAST(sumMap(nexts, arrayWithConstant(length(nexts),
        toUInt64(1))), 'Map(UInt8, UInt64)')) AS next_channels
FROM
(
    -- the cases of a party in their order; after: by which channel it asked next, 0 where it did not
    SELECT
        arrayJoin(arrayDistinct(arrayFilter(number -> number != 0, answered))) AS answered_number,
        arrayFilter((next, number) -> number = answered_number, arrayPushBack(arrayPopFront(asked), toUInt8(0)), answered)
            AS after,
        length(after) AS n,
        arrayFilter(next -> next != 0, after) AS nexts,
        countEqual(nexts, answered_number) AS same,
        arrayCount(next -> has(in_public, next), nexts) AS public
    FROM
    (
        SELECT
            arraySort(groupArray((toUnixTimestamp64Milli(asked_at), case_key,
                toUInt8(transform(channel, names, arrayEnumerate(names), 0)), if(outcome = 'answered',
                toUInt8(transform(first_answer_channel, names, arrayEnumerate(names), 0)), 0)))) AS cases,
            tupleElement(cases, 3) AS asked,
            tupleElement(cases, 4) AS answered
        FROM wait_facts
        WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
            AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
        GROUP BY party
    )
)
GROUP BY answered_number
ORDER BY answered_by
COMMENT 'How alike one party''s returns are, by channel of the answer: for intervals over people';

-- Purchases by day (UTC): what an incident may have moved.
CREATE OR REPLACE VIEW sales_by_day AS
SELECT toDate32(occurred_at) AS day, count() AS purchases, uniqExact(customer_id) AS customers, sum(value) AS amount
FROM current_outcomes
WHERE kind = 'repeat_purchase'
    AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY day
ORDER BY day
COMMENT 'Repeat purchases by day';

-- What was heard by hour (UTC): kind is cause (contacts) or source (all that was said but spam). parties: distinct
-- within the hour; complaints: of at least even odds; live: heard as they happened, not imported.
CREATE OR REPLACE VIEW heard_by_hour AS
SELECT
    toStartOfHour(occurred_at) AS hour,
    tupleElement(what, 1) AS kind,
    tupleElement(what, 2) AS subject,
    count() AS said,
    uniqExact(party) AS parties,
    countIf(complaint >= 0.5) AS complaints,
    countIf(NOT historical) AS live
FROM
(
    SELECT
        occurred_at,
        party,
        complaint,
        historical,
        arrayJoin(arrayPushFront(arrayMap(cause -> ('cause', toString(cause)),
            if(need IN ('mention', 'copy'), [], causes)), ('source', toString(source)))) AS what
    FROM current_mentions
    WHERE direction = 'inbound' AND need != 'spam'
        AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
GROUP BY hour, kind, subject
ORDER BY kind, subject, hour
COMMENT 'What was heard by hour, root cause and source';

-- Complaints that no root cause explains, oldest first.
CREATE OR REPLACE VIEW unexplained AS
SELECT mention_id, party, text, occurred_at
FROM contacts
WHERE NOT deleted AND empty(causes) AND need = 'complaint' AND text != ''
    AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
ORDER BY occurred_at, mention_id
COMMENT 'Complaints that no root cause explains';

ALTER TABLE alerts ADD COLUMN IF NOT EXISTS sign LowCardinality(String)
    COMMENT 'Of a spike: cause_spike, cause_growing, cause_new, source_volume, source_mood' AFTER kind;
ALTER TABLE alerts ADD COLUMN IF NOT EXISTS examples Array(String)
    COMMENT 'Of a spike: ids of mentions that show it' AFTER text;
CREATE OR REPLACE VIEW current_alerts AS SELECT * EXCEPT (version) FROM alerts FINAL
COMMENT 'Alerts, also those withdrawn; columns as in alerts';
