-- What reports count, in few bytes: ids as 64-bit hashes (SipHash), no texts. ClickHouse fills the tables while rows are
-- inserted; what it replaces in `mentions` and `cases` it replaces here, by the same versions, so the newest state holds
-- however often and in whatever order rows come, a moment after it holds there: before the insert is confirmed.
--
-- Partitions are quarters of the time when something was said, which sources do not change: so FINAL need not merge across
-- them, and costs nothing where a quarter is one part, as it becomes an hour after its last row. A mention that is told
-- with times of two quarters all the same counts in both, and so does a case that opens earlier for it. The lowest bit of the hash of a party says whether it is a customer.

CREATE TABLE IF NOT EXISTS contact_facts
(
    author_id UInt64 COMMENT 'Hash of the account that said it',
    history_id UInt64 COMMENT 'Hash of the account in whose history it stands: of an answer, whom it answers',
    mention_key UInt64 COMMENT 'Hash of the id of the mention',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it was said',
    received_at DateTime64(3, 'UTC') COMMENT 'When the connector saw it',
    historical Bool COMMENT 'Imported, not heard as it happened',
    inbound Bool COMMENT 'false: the company''s own words',
    channel LowCardinality(String) COMMENT 'Channel',
    visibility LowCardinality(String) COMMENT 'public or private',
    need LowCardinality(String) COMMENT 'complaint, question, request, praise, unsure, mention, copy, spam',
    needs_response Bool COMMENT 'Whether somebody must answer',
    severe Bool COMMENT 'About safety, law, or a vulnerable person',
    causes Array(LowCardinality(String)) COMMENT 'Root causes, most likely first; empty where none fits',
    cause_list LowCardinality(String) COMMENT 'causes with their owners as one text: a line each, a tab before the owner',
    followers Nullable(UInt64) COMMENT 'Followers of the author',
    verified_author Nullable(Bool) COMMENT 'The source''s mark on the account',
    copy_key UInt64 COMMENT 'Hash of copy_of; 0 where the words are nobody else''s',
    party_id UInt64 COMMENT 'Hash of the party when this row was made, odd: a customer; the truth is in parties',
    epoch UInt64 COMMENT 'Epoch of the author when this row was made',
    version UInt128 COMMENT 'As in mentions'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(occurred_at) * 4 + toQuarter(occurred_at)
ORDER BY (author_id, mention_key)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Of each mention what reports count; read current_contact_facts';

CREATE TABLE IF NOT EXISTS case_facts
(
    case_key UInt64 COMMENT 'Hash of the id of the case',
    anchor_key UInt64 COMMENT 'Hash of the mention id of the earliest contact',
    author_id UInt64 COMMENT 'Hash of the author of the earliest contact',
    party_id UInt64 COMMENT 'Hash of the party when this snapshot was made, odd: a customer; the truth is in parties',
    case_version UInt64 COMMENT 'Version of the snapshot; the highest holds',
    state LowCardinality(String) COMMENT 'As in cases',
    historical Bool COMMENT 'All its contacts are historical',
    level LowCardinality(String) COMMENT 'As in cases',
    root_cause LowCardinality(String) COMMENT 'Root cause, or unknown',
    root_cause_owner LowCardinality(String) COMMENT 'Process owner; empty where none',
    severe Bool COMMENT 'About safety, law, or a vulnerable person',
    segment LowCardinality(String) COMMENT 'Segment of the customer; empty where none',
    failed_contacts UInt64 COMMENT 'Contacts that the company failed',
    goodwill_amounts Array(Float64) COMMENT 'What was given',
    goodwill_currencies Array(LowCardinality(String)) COMMENT 'Currencies, in the order of goodwill_amounts',
    clock_kinds Array(LowCardinality(String)) COMMENT 'Deadlines by name',
    clock_states Array(LowCardinality(String)) COMMENT 'As in cases, in the order of clock_kinds',
    clock_due_at Array(DateTime64(3, 'UTC')) COMMENT 'When they are due, in the order of clock_kinds',
    clock_families Array(LowCardinality(String)) COMMENT 'promise, or regulatory; in the order of clock_kinds',
    clock_jurisdictions Array(LowCardinality(String)) COMMENT 'Country, in the order of clock_kinds',
    asked_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When somebody asked for an answer first; NULL: nobody did',
    channel LowCardinality(String) COMMENT 'Channel of that contact',
    visibility LowCardinality(String) COMMENT 'Of that contact: public or private',
    source LowCardinality(String) COMMENT 'Source through which that contact came',
    first_answer_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a person answered first; NULL: nobody has',
    first_answer_channel LowCardinality(String) COMMENT 'Channel of that answer',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when it is resolved or declined; NULL: it is neither',
    private_attempts UInt64 COMMENT 'Private attempts before the first public one',
    went_public Bool COMMENT 'A public contact came after a private one that the company failed',
    executive_answers UInt64 COMMENT 'Answers by executives',
    opened_at DateTime64(3, 'UTC') COMMENT 'Time of the first contact',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the newest contact or answer',
    version UInt128 COMMENT 'As in cases'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(opened_at) * 4 + toQuarter(opened_at)
ORDER BY case_key
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Of each case what reports count; read current_case_facts';

CREATE TABLE IF NOT EXISTS cause_names
(
    cause String COMMENT 'Root cause that some mention was ever given'
)
ENGINE = ReplacingMergeTree
ORDER BY cause
COMMENT 'Root causes by name, so that reports can number them';

CREATE MATERIALIZED VIEW IF NOT EXISTS cause_names_of_mentions TO cause_names AS
SELECT DISTINCT arrayJoin(causes) AS cause FROM mentions
COMMENT 'Fills cause_names';

CREATE MATERIALIZED VIEW IF NOT EXISTS contact_facts_of_mentions TO contact_facts AS
SELECT
    sipHash64(author) AS author_id,
    sipHash64(history_author) AS history_id,
    sipHash64(mention_id) AS mention_key,
    occurred_at,
    received_at,
    historical,
    direction = 'inbound' AS inbound,
    channel,
    visibility,
    need,
    needs_response,
    notEmpty(severity) AS severe,
    causes,
    arrayStringConcat(arrayMap((cause, owner) -> concat(cause, '\t', translate(owner, '\t\n', '  ')), causes, cause_owners), '\n') AS cause_list,
    followers,
    verified_author,
    if(copy_of = '', 0, sipHash64(copy_of)) AS copy_key,
    bitOr(bitAnd(sipHash64(party), bitNot(toUInt64(1))), startsWith(party, 'c:')) AS party_id,
    epoch,
    version
FROM mentions
COMMENT 'Fills contact_facts';

CREATE MATERIALIZED VIEW IF NOT EXISTS case_facts_of_cases TO case_facts AS
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
FROM cases
COMMENT 'Fills case_facts';

-- What was there before; what is inserted meanwhile comes twice and replaces itself.
INSERT INTO contact_facts
SELECT sipHash64(author), sipHash64(history_author), sipHash64(mention_id), occurred_at, received_at, historical, direction = 'inbound', channel,
    visibility, need, needs_response, notEmpty(severity), causes,
    arrayStringConcat(arrayMap((cause, owner) -> concat(cause, '\t', translate(owner, '\t\n', '  ')), causes, cause_owners), '\n'), followers, verified_author,
    if(copy_of = '', 0, sipHash64(copy_of)), bitOr(bitAnd(sipHash64(party), bitNot(toUInt64(1))), startsWith(party, 'c:')), epoch, version
FROM mentions
SETTINGS max_partitions_per_insert_block = 0;

INSERT INTO case_facts
SELECT sipHash64(case_id), sipHash64(anchor), sipHash64(anchor_author), bitOr(bitAnd(sipHash64(party), bitNot(toUInt64(1))), startsWith(party, 'c:')),
    case_version, state, historical, level, root_cause, root_cause_owner, notEmpty(severity), segment, failed_contacts,
    goodwill_amounts, goodwill_currencies, clock_kinds, clock_states, clock_due_at, clock_families, clock_jurisdictions,
    asked_at, channel, visibility, source, first_answer_at, first_answer_channel, ended_at, private_attempts,
    went_public_at IS NOT NULL, executive_answers, opened_at, last_at, version
FROM cases
SETTINGS max_partitions_per_insert_block = 0;

INSERT INTO cause_names SELECT DISTINCT arrayJoin(causes) FROM mentions;

-- Authors whose party can differ from the one in a row: it changed, which is epoch 2 and later. Reports look into all
-- parties for them, so these have their hashes beside them.
ALTER TABLE parties ADD COLUMN IF NOT EXISTS author_id UInt64 MATERIALIZED sipHash64(author)
    COMMENT 'Hash of the account';
ALTER TABLE parties ADD COLUMN IF NOT EXISTS party_id UInt64
    MATERIALIZED bitOr(bitAnd(sipHash64(party), bitNot(toUInt64(1))), startsWith(party, 'c:'))
    COMMENT 'Hash of the party, odd: a customer';

CREATE OR REPLACE VIEW moved_authors AS
SELECT
    p.author_id AS author_id,
    argMax(p.party_id, p.version) AS party_id,
    argMax(p.epoch, p.version) AS last_epoch
FROM parties AS p
PREWHERE p.epoch > 1 OR p.withdrawn
GROUP BY author_id
HAVING NOT argMax(p.withdrawn, p.version)
COMMENT 'Authors whose party changed, by hash';

-- Of whoever moved, the last party holds unless the row is of a later epoch. ASOF: so ClickHouse makes the table of the
-- join of the few who moved, and in one piece; otherwise it may make it of the larger side, or deal all rows out to the
-- pieces of a parallel one, which copies every column.
CREATE OR REPLACE VIEW current_contact_facts AS
SELECT f.* EXCEPT (party_id, epoch, version), if(p.last_epoch > 0, p.party_id, f.party_id) AS party
FROM contact_facts AS f FINAL
LEFT ASOF JOIN moved_authors AS p ON f.author_id = p.author_id AND f.epoch <= p.last_epoch
WHERE f.inbound AND f.need NOT IN ('mention', 'spam')
SETTINGS do_not_merge_across_partitions_select_final = 1, join_algorithm = 'hash'
COMMENT 'What was said to the company and is neither spam nor talk, newest state, with the hash of its party; copies too';

CREATE OR REPLACE VIEW current_case_facts AS
SELECT f.* EXCEPT (party_id, version), if(p.last_epoch > 0, p.party_id, f.party_id) AS party
FROM case_facts AS f FINAL
LEFT ASOF JOIN moved_authors AS p ON f.author_id = p.author_id AND bitShiftRight(f.case_version, 32) <= p.last_epoch
WHERE f.state != 'superseded'
SETTINGS do_not_merge_across_partitions_select_final = 1, join_algorithm = 'hash'
COMMENT 'Each case that is not superseded, its newest snapshot, with the hash of its party';

-- How long it was listened: what is not answered by then is not known to be unanswered for longer.
CREATE OR REPLACE VIEW observed AS
SELECT
    greatest(m.live, r.live) AS live_until,
    least(greatest(m.old, r.old), now64(3, 'UTC')) AS historical_until
FROM
(
    SELECT maxIf(received_at, NOT historical) AS live, maxIf(occurred_at, historical) AS old FROM contact_facts
) AS m
CROSS JOIN
(
    SELECT maxIf(received_at, NOT historical) AS live, maxIf(occurred_at, historical) AS old FROM responses
) AS r
COMMENT 'Until when it was listened: live, and to imported history';

-- `waits` in few bytes: the same cases, party as a hash.
CREATE OR REPLACE VIEW wait_facts AS
WITH
    (SELECT (toUnixTimestamp64Milli(live_until), toUnixTimestamp64Milli(historical_until)) FROM observed) AS ends,
    toInt64(9223372036854775807) AS never
SELECT
    case_key,
    party,
    asked_at,
    channel,
    visibility,
    root_cause,
    severe,
    segment,
    first_answer_channel,
    CAST(multiIf(deleted_ms < answered_ms, 1, answered_ms != never, 2, ended_ms != never, 3, 4),
        'Enum8(\'deleted\' = 1, \'answered\' = 2, \'closed\' = 3, \'waiting\' = 4)') AS outcome,
    multiIf(deleted_ms < ended_ms, 'deleted', ended_ms != never, toString(state), 'open') AS resolution,
    greatest(0, multiIf(least(deleted_ms, answered_ms) != never, least(deleted_ms, answered_ms), ended_ms != never,
        ended_ms, until_ms) - asked_ms) / 3600000 AS hours,
    greatest(0, if(least(deleted_ms, ended_ms) != never, least(deleted_ms, ended_ms), until_ms) - asked_ms)
        / 3600000 AS resolution_hours
FROM
(
    SELECT
        c.* EXCEPT (asked_at),
        assumeNotNull(c.asked_at) AS asked_at,
        toUnixTimestamp64Milli(asked_at) AS asked_ms,
        ifNull(toUnixTimestamp64Milli(c.first_answer_at), never) AS answered_ms,
        ifNull(toUnixTimestamp64Milli(c.ended_at), never) AS ended_ms,
        if(t.anchor_key = 0, never, t.at) AS deleted_ms,
        if(c.historical, tupleElement(ends, 2), tupleElement(ends, 1)) AS until_ms
    FROM current_case_facts AS c
    LEFT ANY JOIN
    (
        SELECT sipHash64(mention_id) AS anchor_key,
            toUnixTimestamp64Milli(min(mention_tombstones.deleted_at)) AS at
        FROM mention_tombstones
        GROUP BY mention_id
    ) AS t ON c.anchor_key = t.anchor_key
    WHERE c.asked_at IS NOT NULL
)
COMMENT 'As waits, with hashes instead of ids';

-- Causes by number: 0 is any, 1 unknown. What a contact was given is one text of few, so whatever is asked of it is asked
-- once for each of them: transform(cause_list, lists, range(length(lists)), 0) + 1 is the place in `numbers`.
CREATE OR REPLACE VIEW numbered_causes AS
SELECT
    (SELECT arrayConcat(['', 'unknown'], arraySort(groupUniqArrayIf(cause, cause != 'unknown'))) FROM cause_names)
        AS names,
    (SELECT arrayPushFront(groupArray(toString(list)), '')
        FROM (SELECT DISTINCT cause_list AS list FROM contact_facts WHERE cause_list != '')) AS lists,
    arrayMap(list -> if(list = '', [toUInt16(1)], arrayMap(line -> transform(splitByChar('\t', line)[1], names,
        arrayMap(n -> toUInt16(n), range(length(names))), toUInt16(1)), splitByChar('\n', list))), lists) AS numbers
COMMENT 'Root causes by number; one row';

-- Root causes by distinct parties, for contacts with since <= occurred_at < until:
--   SELECT * FROM root_causes(since = '2015-01-01', until = '2016-01-01')
-- share: parties with this cause / parties with any contact in the window, with its 95 % Wilson score interval
-- (E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212). A deleted mention keeps counting.
-- cases: cases opened in the window with this cause, superseded ones left out; executive_answers, goodwill: of these.
-- parties_before: the same as parties in the time of equal length before the window.
-- A party has a bit for each cause, 64 in a row, which is quicker than sets.
CREATE OR REPLACE VIEW root_causes AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    fromUnixTimestamp64Milli(greatest(-2208988800000, 2 * toUnixTimestamp64Milli(since_at)
        - toUnixTimestamp64Milli(until_at)), 'UTC') AS before_at,
    (SELECT (names, lists, numbers) FROM numbered_causes) AS numbered,
    tupleElement(numbered, 1) AS names,
    tupleElement(numbered, 2) AS lists,
    intDiv(length(names) + 63, 64) AS words,
    arrayFlatten(arrayMap(those -> arrayMap(word -> toUInt64(word = 0) + arraySum(n -> if(bitShiftRight(n, 6) = word,
        bitShiftLeft(toUInt64(1), bitAnd(n, 63)), toUInt64(0)), those), range(words)), tupleElement(numbered, 3))) AS masks,
    1.959963984540054 AS z
SELECT
    cause,
    if(contacts_owner != '', contacts_owner, cases_owner) AS owner,
    parties,
    customers,
    parties - customers AS unmatched_authors,
    mentions,
    cases,
    max(any_parties) OVER () AS all_parties,
    if(all_parties = 0, 0, parties / all_parties) AS share,
    if(all_parties = 0, 0, greatest(0, (share + z * z / (2 * all_parties)
        - z * sqrt(share * (1 - share) / all_parties + z * z / (4 * all_parties * all_parties)))
        / (1 + z * z / all_parties))) AS share_low,
    if(all_parties = 0, 1, least(1, (share + z * z / (2 * all_parties)
        + z * sqrt(share * (1 - share) / all_parties + z * z / (4 * all_parties * all_parties)))
        / (1 + z * z / all_parties))) AS share_high,
    parties_before,
    severe_parties,
    executive_answers,
    goodwill
FROM
(
    SELECT
        cause,
        parties,
        customers,
        parties_before,
        severe_parties,
        max(if(cause = '', parties, 0)) OVER () AS any_parties,
        mentions,
        contacts_owner
    FROM
    (
        SELECT
            names[word * 64 + bit + 1] AS cause,
            sumIf(so_many, bitTest(now, bit)) AS parties,
            sumIf(so_many, bitTest(now, bit) AND customer) AS customers,
            sumIf(so_many, bitTest(before, bit)) AS parties_before,
            sumIf(so_many, bitTest(severe_now, bit)) AS severe_parties
        FROM
        (
            SELECT
                word,
                now,
                before,
                severe_now,
                party % 2 = 1 AS customer,
                count() AS so_many,
                arrayJoin(bitPositionsToArray(bitOr(now, before))) AS bit
            FROM
            (
                SELECT
                    party,
                    word,
                    groupBitOr(if(inside, mask, 0)) AS now,
                    groupBitOr(if(inside, 0, mask)) AS before,
                    groupBitOr(if(inside AND severe, mask, 0)) AS severe_now
                FROM
                (
                    SELECT
                        party,
                        severe,
                        occurred_at >= since_at AS inside,
                        toUInt16(arrayJoin(range(words))) AS word,
                        masks[transform(cause_list, lists, range(length(lists)), 0) * words + word + 1] AS mask
                    FROM current_contact_facts
                    WHERE need != 'copy' AND occurred_at >= before_at AND occurred_at < until_at
                )
                GROUP BY party, word
            )
            GROUP BY word, now, before, severe_now, customer
        )
        GROUP BY word, bit
    ) AS by_parties
    LEFT JOIN
    (
        SELECT pair[1] AS cause, sum(said) AS mentions, argMax(pair[2], newest) AS contacts_owner
        FROM
        (
            SELECT
                splitByChar('\t', arrayJoin(splitByChar('\n', if(cause_list = '', 'unknown\t', toString(cause_list))))) AS pair,
                count() AS said,
                max(occurred_at) AS newest
            FROM contact_facts FINAL
            WHERE inbound AND need NOT IN ('mention', 'copy', 'spam')
                AND occurred_at >= since_at AND occurred_at < until_at
            GROUP BY cause_list
            SETTINGS do_not_merge_across_partitions_select_final = 1
        )
        GROUP BY cause
    ) AS by_mentions USING (cause)
) AS by_contacts
FULL JOIN
(
    SELECT
        root_cause AS cause,
        argMax(root_cause_owner, opened_at) AS cases_owner,
        count() AS cases,
        sum(executive_answers) AS executive_answers,
        sumMapIf(CAST(goodwill_currencies, 'Array(String)'), goodwill_amounts, notEmpty(goodwill_amounts)) AS given,
        CAST(given, 'Map(String, Float64)') AS goodwill
    FROM case_facts FINAL
    WHERE state != 'superseded' AND opened_at >= since_at AND opened_at < until_at
    GROUP BY cause
    SETTINGS do_not_merge_across_partitions_select_final = 1
) AS by_cases USING (cause)
WHERE cause != '' AND (parties > 0 OR cases > 0)
ORDER BY cause = 'unknown', parties DESC, cause
COMMENT 'Root causes by distinct parties, with trend, severity and cost';

CREATE OR REPLACE VIEW root_causes_by_week AS
SELECT
    toStartOfWeek(occurred_at, 1) AS week,
    arrayJoin(if(empty(causes), ['unknown'], causes)) AS cause,
    uniqExact(party) AS parties,
    count() AS mentions
FROM current_contact_facts
WHERE need != 'copy' AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY week, cause
ORDER BY cause = 'unknown', cause, week
COMMENT 'Root causes by distinct parties and week';

-- One bullhorn, or many customers? posts: contacts and what only passes on others' words; parties: people with a
-- contact of their own; copies: posts in words that were there already; loudest_share: posts of whoever said most;
-- gini, effective_parties: how unequally posts are spread, as many equally loud parties would be as concentrated;
-- posts_each, parties_so_loud: so many parties said so much. reach: followers of all, each party's most; moved: rank by
-- posts less rank by parties.
CREATE OR REPLACE VIEW loudness AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    (SELECT (names, lists, numbers) FROM numbered_causes) AS numbered,
    tupleElement(numbered, 1) AS names,
    tupleElement(numbered, 2) AS lists,
    tupleElement(numbered, 3) AS numbers,
    arraySort(groupArray((posts_of_each, people_so_loud))) AS spread,
    tupleElement(spread, 1) AS each,
    tupleElement(spread, 2) AS so_many,
    arraySum(so_many) AS people,
    arraySum((n, k) -> n * k, each, so_many) AS all_said
SELECT
    cause,
    sum(with_contact) AS parties,
    all_said AS posts,
    any(repeated) AS copies,
    if(posts = 0, 0, arrayMax(each) / posts) AS loudest_share,
    if(posts = 0, 0, arraySum((n, k, upto) -> toFloat64(n) * k * (2. * upto - k - people), each, so_many,
        arrayCumSum(so_many)) / (toFloat64(people) * posts)) AS gini,
    if(posts = 0, 0, toFloat64(posts) * posts / arraySum((n, k) -> toFloat64(n) * n * k, each, so_many))
        AS effective_parties,
    sum(followers) AS reach,
    rank() OVER (ORDER BY parties DESC) AS rank_by_parties,
    rank() OVER (ORDER BY posts DESC) AS rank_by_posts,
    toInt64(rank_by_posts) - toInt64(rank_by_parties) AS moved,
    each AS posts_each,
    so_many AS parties_so_loud
FROM
(
    SELECT
        names[number + 1] AS cause,
        bitAnd(said, 4294967295) AS posts_of_each,
        count() AS people_so_loud,
        countIf(said > 4294967295) AS with_contact,
        sum(most_followers) AS followers
    FROM
    (
        SELECT
            arrayJoin(numbers[transform(cause_list, lists, range(length(lists)), 0) + 1]) AS number,
            party,
            sum(1 + bitShiftLeft(toUInt64(need != 'copy'), 32)) AS said,
            max(ifNull(followers, 0)) AS most_followers
        FROM current_contact_facts
        WHERE occurred_at >= since_at AND occurred_at < until_at
        GROUP BY number, party
    )
    GROUP BY number, posts_of_each
) AS by_people
LEFT JOIN
(
    SELECT arrayJoin(if(empty(causes), ['unknown'], causes)) AS cause, count() - uniqExact(copy_key) AS repeated
    FROM contact_facts FINAL
    WHERE copy_key != 0 AND inbound AND need NOT IN ('mention', 'spam')
        AND occurred_at >= since_at AND occurred_at < until_at
    GROUP BY cause
    SETTINGS do_not_merge_across_partitions_select_final = 1
) AS by_words USING (cause)
GROUP BY cause
ORDER BY rank_by_parties, cause
COMMENT 'Root causes by people and by noise';

-- Channels by how they answer; cases by the channel of the first contact that asked, for since <= asked_at < until.
-- answered_elsewhere: a person answered, in another channel. never_answered: nobody had until observation ended.
CREATE OR REPLACE VIEW channels AS
SELECT
    channel,
    visibility,
    count() AS cases,
    uniqExact(party) AS parties,
    countIf(outcome = 'answered') AS answered,
    countIf(outcome = 'waiting') AS never_answered,
    countIf(outcome = 'closed') AS closed,
    countIf(outcome = 'deleted') AS deleted,
    countIf(outcome = 'answered' AND first_answer_channel != channel) AS answered_elsewhere,
    countIf(resolution = 'resolved') AS resolved
FROM wait_facts
WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY channel, visibility
ORDER BY visibility, cases DESC, channel
COMMENT 'How the channels answer';

-- The same cases by how long they waited, for curves: upper_hours is the end of a bin, of a minute in the first four
-- hours, 15 minutes in the first two days, an hour in the first two weeks, then a day. event: answer, resolution.
-- deleted: of the competing, the first contact was; elsewhere: of what happened, in another channel.
CREATE OR REPLACE VIEW waits_in_bins AS
WITH
    (
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM case_facts)),
        (SELECT groupArray(visibility) FROM (SELECT DISTINCT visibility FROM case_facts)),
        (SELECT groupArray(root_cause) FROM (SELECT DISTINCT root_cause FROM case_facts))
    ) AS names
SELECT
    ['answer', 'resolution'][event_number] AS event,
    tupleElement(names, 1)[channel_number] AS channel,
    tupleElement(names, 2)[visibility_number] AS visibility,
    tupleElement(names, 3)[cause_number] AS root_cause,
    severe,
    multiIf(bin < 1000, bin / 60, bin < 2000, (bin - 1000) / 4, bin < 3000, toFloat64(bin - 2000),
        toFloat64((bin - 3000) * 24)) AS upper_hours,
    countIf(ended IN (1, 4)) AS happened,
    countIf(ended IN (2, 3)) AS competing,
    countIf(ended = 0) AS censored,
    countIf(ended = 3) AS deleted,
    countIf(ended = 4) AS elsewhere
FROM
(
    SELECT
        toUInt8(transform(channel, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0))
            AS channel_number,
        toUInt8(transform(visibility, tupleElement(names, 2), arrayEnumerate(tupleElement(names, 2)), 0))
            AS visibility_number,
        toUInt16(transform(root_cause, tupleElement(names, 3), arrayEnumerate(tupleElement(names, 3)), 0)) AS cause_number,
        severe,
        arrayJoin([
            (toUInt8(1), multiIf(outcome = 'waiting', 0, outcome = 'closed', 2, outcome = 'deleted', 3,
                first_answer_channel = channel, 1, 4), hours),
            (toUInt8(2), transform(resolution, ['resolved', 'open', 'deleted'], [1, 0, 3], 2), resolution_hours)
        ]) AS what,
        tupleElement(what, 1) AS event_number,
        tupleElement(what, 2) AS ended,
        tupleElement(what, 3) AS waited,
        toUInt32(multiIf(waited <= 4, ceil(waited * 60), waited <= 48, 1000 + ceil(waited * 4),
            waited <= 336, 2000 + ceil(waited), 3000 + ceil(waited / 24))) AS bin
    FROM wait_facts
    WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
GROUP BY event_number, channel_number, visibility_number, cause_number, severe, bin
ORDER BY event, visibility, channel, root_cause, severe, upper_hours
COMMENT 'How long cases waited, in bins, for curves';

-- Where people go after an answer: cases that a person answered, by the channel of that answer, and by which channel the
-- same party asked next, for since <= asked_at < until. next_channel is empty where it did not come back.
CREATE OR REPLACE VIEW what_we_teach AS
SELECT
    first_answer_channel AS answered_by,
    channel AS asked_by,
    next_channel,
    count() AS cases,
    uniqExact(party) AS parties
FROM
(
    SELECT party, outcome, channel, first_answer_channel,
        leadInFrame(channel, 1, '') OVER (PARTITION BY party ORDER BY asked_at, case_key
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_channel
    FROM wait_facts
    WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
WHERE outcome = 'answered'
GROUP BY answered_by, asked_by, next_channel
ORDER BY answered_by, asked_by, cases DESC, next_channel
COMMENT 'By which channel people came back after an answer';

-- What arrives, by week (from Monday) and channel: what has to be handled.
CREATE OR REPLACE VIEW arrivals AS
SELECT toStartOfWeek(occurred_at, 1) AS week, channel, visibility, count() AS contacts, uniqExact(party) AS parties
FROM current_contact_facts
WHERE need != 'copy' AND needs_response AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY week, channel, visibility
ORDER BY week, channel, visibility
COMMENT 'Contacts that want an answer, by week and channel';

-- The same without parties: nobody need be looked up.
CREATE OR REPLACE VIEW contacts_by_week AS
SELECT toStartOfWeek(occurred_at, 1) AS week, channel, visibility, count() AS contacts
FROM contact_facts FINAL
WHERE inbound AND need NOT IN ('mention', 'copy', 'spam') AND needs_response
    AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY week, channel, visibility
ORDER BY week, channel, visibility
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Contacts that want an answer, by week and channel, without parties';

-- Where contacts vanish: those that nobody answered by target and grace, by where they came in, for
-- since <= time of the contact < until. asked: parties that wanted an answer by that channel in the same time; a party
-- has a bit for each channel, of which there are 11.
CREATE OR REPLACE VIEW vanished AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM contact_facts)) AS all_channels
SELECT
    h.channel AS channel,
    h.source AS source,
    h.queue AS queue,
    h.owner AS owner,
    count() AS contacts,
    uniqExact(c.party) AS parties,
    any(a.asked) AS asked,
    countIf(h.ended_at IS NULL) AS open,
    countIf(h.acknowledged_at IS NOT NULL) AS acknowledged,
    countIf(h.chased_count > 0) AS chased,
    minIf(h.since, h.ended_at IS NULL) AS oldest_open
FROM
(
    SELECT case_key, case_version, party
    FROM current_case_facts
    WHERE case_key IN (SELECT sipHash64(case_id) FROM black_holes WHERE since >= since_at AND since < until_at)
) AS c
INNER JOIN
(
    SELECT sipHash64(case_id) AS case_key, case_version, channel, source, queue, owner, since, ended_at,
        acknowledged_at, chased_count
    FROM black_holes FINAL
    WHERE since >= since_at AND since < until_at
) AS h ON h.case_key = c.case_key AND h.case_version = c.case_version
LEFT JOIN
(
    SELECT all_channels[arrayJoin(bitPositionsToArray(asked_by)) + 1] AS channel, count() AS asked
    FROM
    (
        SELECT groupBitOr(transform(channel, all_channels,
            arrayMap(n -> bitShiftLeft(toUInt64(1), n), range(length(all_channels))), toUInt64(0))) AS asked_by
        FROM current_contact_facts
        WHERE need != 'copy' AND needs_response AND occurred_at >= since_at AND occurred_at < until_at
        GROUP BY party
    )
    GROUP BY channel
) AS a ON h.channel = a.channel
GROUP BY channel, source, queue, owner
ORDER BY parties DESC, contacts DESC, channel, source, queue, owner
COMMENT 'Contacts that nobody answered, by where they came in';

-- Deadlines by kind; running_out: due within a day. decided and the sums after it are what intervals over parties need:
-- n decided ones of a party, k of them met, sums of n, n², k, k² and nk. Words have numbers, four to a key.
CREATE OR REPLACE VIEW deadlines AS
WITH
    (SELECT (live_until, historical_until) FROM observed) AS ends,
    (
        (SELECT groupArray(word) FROM (SELECT DISTINCT arrayJoin(clock_families) AS word FROM case_facts)),
        (SELECT groupArray(word) FROM (SELECT DISTINCT arrayJoin(clock_jurisdictions) AS word FROM case_facts)),
        (SELECT groupArray(word) FROM (SELECT DISTINCT arrayJoin(clock_kinds) AS word FROM case_facts)),
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM case_facts)),
        (SELECT groupArray(source) FROM (SELECT DISTINCT source FROM case_facts))
    ) AS names
SELECT
    tupleElement(names, 1)[toUInt8(kind_key)] AS family,
    tupleElement(names, 2)[toUInt16(bitShiftRight(kind_key, 8))] AS jurisdiction,
    tupleElement(names, 3)[toUInt16(bitShiftRight(kind_key, 24))] AS kind,
    tupleElement(names, 4)[toUInt8(place)] AS channel,
    tupleElement(names, 5)[toUInt16(bitShiftRight(place, 8))] AS source,
    sum(n_all) AS deadlines,
    sum(k) AS met,
    sum(late) AS breached,
    sum(n_running) AS running,
    sum(n_running_out) AS running_out,
    sum(n_withdrawn) AS withdrawn,
    countIf(k + late > 0) AS parties,
    countIf(late > 0) AS parties_breached,
    sum(k + late) AS decided,
    sum((k + late) * (k + late)) AS decided_squared,
    sum(k * k) AS met_squared,
    sum((k + late) * k) AS decided_met
FROM
(
    SELECT
        party,
        place,
        tupleElement(one, 1) AS kind_key,
        count() AS n_all,
        countIf(tupleElement(one, 2) = 1) AS k,
        countIf(tupleElement(one, 2) = 2) AS late,
        countIf(tupleElement(one, 2) IN (3, 4, 5)) AS n_running,
        countIf(tupleElement(one, 2) = 4) AS n_running_out,
        countIf(tupleElement(one, 2) = 6) AS n_withdrawn
    FROM
    (
        SELECT
            party,
            toUInt32(transform(channel, tupleElement(names, 4), arrayEnumerate(tupleElement(names, 4)), 0)
                + bitShiftLeft(toUInt32(transform(source, tupleElement(names, 5),
                    arrayEnumerate(tupleElement(names, 5)), 0)), 8)) AS place,
            arrayJoin(arrayMap((family, jurisdiction, kind, clock, due) -> (
                toUInt64(transform(family, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0))
                    + bitShiftLeft(toUInt64(transform(jurisdiction, tupleElement(names, 2),
                        arrayEnumerate(tupleElement(names, 2)), 0)), 8)
                    + bitShiftLeft(toUInt64(transform(kind, tupleElement(names, 3),
                        arrayEnumerate(tupleElement(names, 3)), 0)), 24),
                toUInt8(multiIf(clock = 'met', 1, clock = 'breached', 2, clock = 'paused', 3,
                    clock = 'running', if(due <= until + INTERVAL 24 HOUR, 4, 5), clock = 'withdrawn', 6, 0))),
                clock_families, clock_jurisdictions, clock_kinds, clock_states, clock_due_at)) AS one
        FROM
        (
            SELECT *, if(historical, tupleElement(ends, 2), tupleElement(ends, 1)) AS until
            FROM current_case_facts
        )
        WHERE notEmpty(clock_families)
            AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
            AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    )
    GROUP BY party, place, kind_key
)
GROUP BY kind_key, place
ORDER BY family DESC, jurisdiction, kind, channel, source
COMMENT 'Deadlines met, breached and running, by kind, channel and source, with sums over parties for intervals';

CREATE OR REPLACE VIEW escalations AS
SELECT
    root_cause,
    count() AS cases,
    uniqExact(party) AS parties,
    uniqExactIf(party, failed_contacts > 0) AS parties_failed,
    uniqExactIf(party, failed_contacts > 1) AS parties_failed_twice,
    uniqExactIf(party, went_public) AS parties_went_public,
    countIf(went_public) AS cases_went_public,
    if(cases_went_public = 0, 0, sumIf(private_attempts, went_public) / cases_went_public) AS private_attempts,
    max(failed_contacts) AS most_failed,
    uniqExactIf(party, level = 'executive') AS parties_at_executives
FROM current_case_facts
WHERE asked_at IS NOT NULL AND visibility = 'private'
    AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY root_cause
ORDER BY root_cause = 'unknown', parties_went_public DESC, root_cause
COMMENT 'How far people had to go who began in private, by root cause';

CREATE OR REPLACE VIEW executives AS
SELECT
    root_cause,
    argMax(root_cause_owner, opened_at) AS owner,
    count() AS cases,
    uniqExact(party) AS parties,
    sum(executive_answers) AS answers,
    countIf(channel = 'executive') AS addressed_to_them,
    sum(failed_contacts) AS failed_contacts
FROM current_case_facts
WHERE (channel = 'executive' OR level = 'executive' OR executive_answers > 0)
    AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY root_cause
ORDER BY answers DESC, cases DESC, root_cause
COMMENT 'What reaches the executives, by root cause';

CREATE OR REPLACE VIEW goodwill AS
SELECT
    currency,
    root_cause,
    visibility,
    count() AS gifts,
    uniqExact(party) AS parties,
    sum(amount) AS total,
    median(amount) AS middle,
    max(amount) AS largest
FROM
(
    SELECT party, root_cause, visibility, goodwill_amounts, goodwill_currencies
    FROM current_case_facts
    WHERE notEmpty(goodwill_amounts)
        AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
ARRAY JOIN goodwill_amounts AS amount, goodwill_currencies AS currency
GROUP BY currency, root_cause, visibility
ORDER BY currency, total DESC, root_cause, visibility
COMMENT 'What was given, by currency, root cause and visibility';

-- Parties that raised a cause on a day (UTC): what a fix is judged by.
CREATE OR REPLACE VIEW cause_days AS
WITH
    (SELECT (names, lists, numbers) FROM numbered_causes) AS numbered,
    tupleElement(numbered, 2) AS lists,
    tupleElement(numbered, 3) AS numbers
SELECT day, tupleElement(numbered, 1)[number + 1] AS cause, parties
FROM
(
    SELECT
        toDate32(occurred_at) AS day,
        arrayJoin(numbers[transform(cause_list, lists, range(length(lists)), 0) + 1]) AS number,
        arrayUniq(groupArray(party)) AS parties
    FROM current_contact_facts
    WHERE need != 'copy' AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    GROUP BY day, number
)
ORDER BY cause, day
COMMENT 'Parties by root cause and day';

CREATE OR REPLACE VIEW hearing_delays AS
SELECT
    toDate32(occurred_at) AS day,
    least(greatest(date_diff('day', occurred_at, received_at), 0), 60) AS days_later,
    count() AS contacts
FROM contact_facts FINAL
WHERE NOT historical AND inbound AND need NOT IN ('mention', 'copy', 'spam')
    AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY day, days_later
ORDER BY day, days_later
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Contacts by day and by how much later they were heard';

-- Who is treated how, like compared with like: parties by reach (of the account, most followers), by the source's mark
-- on it, by segment, within the same channel, cause and severity; a party's first case there counts.
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
        tupleElement(names, 1)[toUInt8(bitShiftRight(w.stratum, 24))] AS channel,
        tupleElement(names, 2)[toUInt16(bitShiftRight(w.stratum, 8))] AS root_cause,
        bitAnd(w.stratum, 1) = 1 AS severe,
        tupleElement(names, 3)[toUInt16(bitShiftRight(w.earliest, 1))] AS segment,
        r.reach AS reach,
        r.marked AS marked,
        count() AS people,
        countIf(bitAnd(w.earliest, 1) = 1) AS quick
    FROM
    (
        -- the time in ms since 1900, then the number of the segment, then whether it was answered in a day
        SELECT
            party,
            toUInt32(bitShiftLeft(toUInt32(transform(channel, tupleElement(names, 1),
                    arrayEnumerate(tupleElement(names, 1)), 0)), 24)
                + bitShiftLeft(toUInt32(transform(root_cause, tupleElement(names, 2),
                    arrayEnumerate(tupleElement(names, 2)), 0)), 8) + severe) AS stratum,
            min(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(asked_at) + 2208988800000), 17)
                + bitShiftLeft(toUInt64(transform(segment, tupleElement(names, 3),
                    arrayEnumerate(tupleElement(names, 3)), 0)), 1)
                + (outcome = 'answered' AND hours <= 24)) AS earliest
        FROM wait_facts
        WHERE asked_at >= since_at AND asked_at < until_at AND (outcome != 'waiting' OR hours >= 24)
        GROUP BY party, stratum
    ) AS w
    LEFT JOIN
    (
        SELECT
            party,
            max(multiIf(isNull(followers), 0, followers < 100, 1, followers < 1000, 2, followers < 10000, 3, 4)) AS reach,
            max(ifNull(1 + toUInt8(verified_author), 0)) AS marked
        FROM current_contact_facts
        WHERE (followers IS NOT NULL OR verified_author IS NOT NULL) AND need != 'copy'
            AND occurred_at >= since_at AND occurred_at < until_at
        GROUP BY party
    ) AS r ON w.party = r.party
    GROUP BY w.stratum, segment, reach, marked
)
ARRAY JOIN
[
    ('reach', ['not told', 'below 100', '100 to 999', '1000 to 9999', '10000 and more'][reach + 1]),
    ('verified', ['not told', 'no', 'yes'][marked + 1]),
    ('segment', if(segment = '', 'none', toString(segment)))
] AS trait
GROUP BY attribute, value, channel, root_cause, severe
ORDER BY attribute, value, channel, root_cause, severe
COMMENT 'Parties answered within a day, by reach, mark and segment, within channel, cause and severity';

-- What became of customers, by whether a person answered the first case that they opened in the window, within the same
-- cause, severity and segment. value: mean CSAT after it; 1 where the customer bought again, or left, within 90 days
-- after it, else 0. people: customers; total, squares: sums of value and of its square.
CREATE OR REPLACE VIEW outcomes_by_answer AS
SELECT
    tupleElement(one, 1) AS kind,
    root_cause,
    severe,
    segment,
    answered,
    count() AS people,
    sum(tupleElement(one, 2)) AS total,
    sum(tupleElement(one, 2) * tupleElement(one, 2)) AS squares
FROM
(
    WITH o.occurred_at > f.began AND o.occurred_at <= f.began + INTERVAL 90 DAY AS later
    SELECT
        f.party,
        any(f.root_cause) AS root_cause,
        any(f.severe) AS severe,
        any(f.segment) AS segment,
        any(f.answered) AS answered,
        arrayJoin(arrayConcat(
            if(countIf(o.kind = 'csat' AND later) = 0, [], [('csat', avgIf(o.value, o.kind = 'csat' AND later))]),
            [('repeat_purchase', toFloat64(countIf(o.kind = 'repeat_purchase' AND later) > 0)),
             ('churn', toFloat64(countIf(o.kind = 'churn' AND later) > 0))])) AS one
    FROM
    (
        SELECT
            party,
            min(asked_at) AS began,
            argMin(root_cause, asked_at) AS root_cause,
            argMin(severe, asked_at) AS severe,
            argMin(segment, asked_at) AS segment,
            argMin(outcome = 'answered', asked_at) AS answered
        FROM wait_facts
        WHERE party % 2 = 1 AND asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
            AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
        GROUP BY party
    ) AS f
    LEFT JOIN
    (
        SELECT bitOr(sipHash64(concat('c:', customer_id)), 1) AS party, kind, value, occurred_at FROM outcomes FINAL
    ) AS o ON f.party = o.party
    GROUP BY f.party
)
GROUP BY kind, root_cause, severe, segment, answered
ORDER BY kind, root_cause, severe, segment, answered
COMMENT 'What became of customers, by whether their first case was answered';
