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

-- Sums over parties, from which intervals that take people as the unit are made: n cases of a party, k of them with it;
-- sums of n, k, n², k² and nk over the parties. k: answered within 1, 24, 168 hours. waited: hours up to 168, all 168
-- where nobody answered; its sum, the sum of each case's square, of each party's square, and of n times each party's.
CREATE OR REPLACE VIEW channels_by_party AS
WITH
    (
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM case_facts)),
        (SELECT groupArray(visibility) FROM (SELECT DISTINCT visibility FROM case_facts))
    ) AS names
SELECT
    tupleElement(names, 1)[channel_number] AS channel,
    tupleElement(names, 2)[visibility_number] AS visibility,
    count() AS parties,
    sum(n) AS cases,
    sum(n * n) AS cases_squared,
    [sum(k_1h), sum(k_24h), sum(k_168h)] AS with_it,
    [sum(k_1h * k_1h), sum(k_24h * k_24h), sum(k_168h * k_168h)] AS with_it_squared,
    [sum(n * k_1h), sum(n * k_24h), sum(n * k_168h)] AS crossed,
    sum(waited) AS hours,
    sum(waited_squared) AS hours_squared,
    sum(waited * waited) AS hours_of_parties_squared,
    sum(n * waited) AS hours_crossed
FROM
(
    SELECT
        toUInt8(transform(channel, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0))
            AS channel_number,
        toUInt8(transform(visibility, tupleElement(names, 2), arrayEnumerate(tupleElement(names, 2)), 0))
            AS visibility_number,
        count() AS n,
        countIf(outcome = 'answered' AND hours <= 1) AS k_1h,
        countIf(outcome = 'answered' AND hours <= 24) AS k_24h,
        countIf(outcome = 'answered' AND hours <= 168) AS k_168h,
        sum(if(outcome = 'answered', least(hours, 168), 168)) AS waited,
        sum(if(outcome = 'answered', least(hours, 168) * least(hours, 168), 28224)) AS waited_squared
    FROM wait_facts
    WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    GROUP BY party, channel_number, visibility_number
)
GROUP BY channel_number, visibility_number
ORDER BY visibility, channel
COMMENT 'How alike the waits of one party are, by channel: for intervals over people';

-- The same of who came back: n cases that a person answered by this channel, came_back and came_back_same of them, and
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
