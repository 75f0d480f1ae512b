-- The reports on many rows, quicker, with the same figures: whoever moved is looked up in the order of the table, times
-- of cases stand as plain numbers beside the nullable ones, and what is grouped has one 64-bit key. A key of two things is
-- a hash, as the ids of parties are: two keys are one as seldom as two parties are.

ALTER TABLE case_facts ADD COLUMN IF NOT EXISTS asked_ms Int64
    MATERIALIZED ifNull(toUnixTimestamp64Milli(asked_at), toInt64(9223372036854775807))
    COMMENT 'asked_at in milliseconds since 1970; the largest number where it is NULL' CODEC(NONE);
ALTER TABLE case_facts ADD COLUMN IF NOT EXISTS answered_ms Int64
    MATERIALIZED ifNull(toUnixTimestamp64Milli(first_answer_at), toInt64(9223372036854775807))
    COMMENT 'The same of first_answer_at' CODEC(NONE);
ALTER TABLE case_facts ADD COLUMN IF NOT EXISTS ended_ms Int64
    MATERIALIZED ifNull(toUnixTimestamp64Milli(ended_at), toInt64(9223372036854775807))
    COMMENT 'The same of ended_at' CODEC(NONE);
ALTER TABLE contact_facts ADD COLUMN IF NOT EXISTS traits UInt8
    MATERIALIZED toUInt8(multiIf(isNull(followers), 0, assumeNotNull(followers) < 100, 1, assumeNotNull(followers) < 1000, 2,
        assumeNotNull(followers) < 10000, 4, 8) + multiIf(isNull(verified_author), 0, assumeNotNull(verified_author), 32, 16))
    COMMENT 'Bits: 1, 2, 4, 8: followers below 100, 1000, 10000, more; 16, 32: the source''s mark on the account, no, yes';

-- What is stored already gets them in the background; until then they are computed while they are read.
ALTER TABLE case_facts MATERIALIZE COLUMN asked_ms;
ALTER TABLE case_facts MATERIALIZE COLUMN answered_ms;
ALTER TABLE case_facts MATERIALIZE COLUMN ended_ms;
ALTER TABLE contact_facts MATERIALIZE COLUMN traits;

-- Of whoever moved, the last party holds unless the row is of a later epoch. partial_merge: rows come by author, so the few
-- who moved need be looked at once for each block, which costs a fifth of looking each row up.
CREATE OR REPLACE VIEW current_contact_facts AS
SELECT
    f.* EXCEPT (party_id, epoch, version),
    f.traits AS traits,
    if(p.last_epoch >= greatest(f.epoch, 1), p.party_id, f.party_id) AS party
FROM contact_facts AS f FINAL
LEFT ANY JOIN moved_authors AS p ON f.author_id = p.author_id
WHERE f.inbound AND f.need NOT IN ('mention', 'spam')
SETTINGS do_not_merge_across_partitions_select_final = 1, join_algorithm = 'partial_merge'
COMMENT 'What was said to the company and is neither spam nor talk, newest state, with the hash of its party; copies too';

CREATE OR REPLACE VIEW deleted_contacts AS
SELECT sipHash64(mention_id) AS contact_key, toUnixTimestamp64Milli(min(mention_tombstones.deleted_at)) AS deleted_ms
FROM mention_tombstones
GROUP BY mention_id
COMMENT 'What its source deleted, by hash, and when, in milliseconds since 1970';

-- How long it was listened: what is not answered by then is not known to be unanswered for longer.
CREATE OR REPLACE VIEW observed AS
SELECT
    greatest(m.live, r.live) AS live_until,
    least(greatest(n.old, r.old), now64(3, 'UTC')) AS historical_until
FROM
(
    SELECT max(received_at) AS live FROM contact_facts WHERE NOT historical
) AS m
CROSS JOIN
(
    SELECT max(occurred_at) AS old FROM contact_facts WHERE historical
) AS n
CROSS JOIN
(
    SELECT maxIf(received_at, NOT historical) AS live, maxIf(occurred_at, historical) AS old FROM responses
) AS r
COMMENT 'Until when it was listened: live, and to imported history';

-- `waits` in numbers: times in whole milliseconds. answer_ended: 0 nobody has answered, 1 a person did, 2 a person closed it
-- without an answer, 3 the first contact was deleted before. resolution_ended: 0 open, 1 resolved, 2 declined, 3 deleted.
-- In two steps: what counts no people need not look up who moved.
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

-- Root causes by distinct parties, for contacts with since <= occurred_at < until:
--   SELECT * FROM root_causes(since = '2015-01-01', until = '2016-01-01')
-- share: parties with this cause / parties with any contact in the window, with its 95 % Wilson score interval
-- (E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212). A deleted mention keeps counting.
-- cases: cases opened in the window with this cause, superseded ones left out; executive_answers, goodwill: of these.
-- parties_before: the same as parties in the time of equal length before the window.
-- A party has a bit for each cause, 64 in a row, which is quicker than sets; few taxonomies have more than one row.
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
    arrayMap(place -> masks[place * words + 1], range(length(lists))) AS first_masks,
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
                bitShiftRight(word_customer, 1) AS word,
                now,
                before,
                severe_now,
                word_customer % 2 = 1 AS customer,
                count() AS so_many,
                arrayJoin(bitPositionsToArray(bitOr(now, before))) AS bit
            FROM
            (
                SELECT
                    any(toUInt32(word * 2 + party % 2)) AS word_customer,
                    groupBitOr(if(inside, mask, 0)) AS now,
                    groupBitOr(if(inside, 0, mask)) AS before,
                    groupBitOr(if(inside AND severe, mask, 0)) AS severe_now
                FROM
                (
                    SELECT
                        party,
                        severe,
                        occurred_at >= since_at AS inside,
                        toUInt16(0) AS word,
                        transform(cause_list, lists, first_masks, first_masks[1]) AS mask
                    FROM current_contact_facts
                    WHERE need != 'copy' AND occurred_at >= before_at AND occurred_at < until_at
                    UNION ALL
                    SELECT
                        party,
                        severe,
                        occurred_at >= since_at AS inside,
                        toUInt16(arrayJoin(range(1, words))) AS word,
                        masks[transform(cause_list, lists, range(length(lists)), 0) * words + word + 1] AS mask
                    FROM current_contact_facts
                    WHERE words > 1 AND need != 'copy' AND occurred_at >= before_at AND occurred_at < until_at
                )
                GROUP BY if(word = 0, party, bitXor(party, intHash64(word)))
            )
            GROUP BY word_customer, now, before, severe_now
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
    SELECT cause, cases_owner, cases, executive_answers, goodwill
    FROM
    (
        SELECT
            root_cause AS cause,
            argMax(root_cause_owner, opened_at) AS cases_owner,
            count() AS cases,
            sum(executive_answers) AS executive_answers
        FROM case_facts FINAL
        WHERE state != 'superseded' AND opened_at >= since_at AND opened_at < until_at
        GROUP BY cause
        SETTINGS do_not_merge_across_partitions_select_final = 1
    ) AS counted
    LEFT JOIN
    (
        SELECT
            root_cause AS cause,
            sumMap(CAST(goodwill_currencies, 'Array(String)'), goodwill_amounts) AS given,
            CAST(given, 'Map(String, Float64)') AS goodwill
        FROM case_facts FINAL
        WHERE state != 'superseded' AND notEmpty(goodwill_amounts) AND opened_at >= since_at AND opened_at < until_at
        GROUP BY cause
        SETTINGS do_not_merge_across_partitions_select_final = 1
    ) AS given_away USING (cause)
) AS by_cases USING (cause)
WHERE cause != '' AND (parties > 0 OR cases > 0)
ORDER BY cause = 'unknown', parties DESC, cause
COMMENT 'Root causes by distinct parties, with trend, severity and cost';

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
        names[toUInt16(followers_number) + 1] AS cause,
        bitAnd(said, 4294967295) AS posts_of_each,
        count() AS people_so_loud,
        countIf(said > 4294967295) AS with_contact,
        sum(bitShiftRight(followers_number, 16)) AS followers
    FROM
    (
        SELECT
            -- two numbers in one, twice: contacts above all that was said, followers above the number of the cause
            sum(1 + bitShiftLeft(toUInt64(need != 'copy'), 32)) AS said,
            max(bitShiftLeft(ifNull(followers, 0), 16) + number) AS followers_number
        FROM
        (
            SELECT
                arrayJoin(numbers[transform(cause_list, lists, range(length(lists)), 0) + 1]) AS number,
                party,
                need,
                followers
            FROM current_contact_facts
            WHERE occurred_at >= since_at AND occurred_at < until_at
        )
        GROUP BY bitXor(party, intHash64(number))
    )
    GROUP BY toUInt16(followers_number), posts_of_each
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

-- What arrives, by week (from Monday) and channel, without parties: nobody need be looked up. A week is counted from the
-- Monday 1900-01-01.
CREATE OR REPLACE VIEW contacts_by_week AS
WITH
    (
        (SELECT groupArray(channel) FROM (SELECT DISTINCT channel FROM contact_facts)),
        (SELECT groupArray(visibility) FROM (SELECT DISTINCT visibility FROM contact_facts))
    ) AS names
SELECT
    toStartOfWeek(fromUnixTimestamp64Milli(bitShiftRight(place, 16) * 604800000 - 2208988800000, 'UTC'), 1) AS week,
    tupleElement(names, 1)[toUInt8(place)] AS channel,
    tupleElement(names, 2)[toUInt8(bitShiftRight(place, 8))] AS visibility,
    sum(said) AS contacts
FROM
(
    SELECT
        bitShiftLeft(intDiv(toUnixTimestamp64Milli(occurred_at) + 2208988800000, 604800000), 16)
            + toInt64(transform(visibility, tupleElement(names, 2), arrayEnumerate(tupleElement(names, 2)), 0) * 256)
            + toInt64(transform(channel, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0)) AS place,
        count() AS said
    FROM contact_facts FINAL
    WHERE inbound AND need NOT IN ('mention', 'copy', 'spam') AND needs_response
        AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    GROUP BY place
    SETTINGS do_not_merge_across_partitions_select_final = 1
)
GROUP BY week, channel, visibility
ORDER BY week, channel, visibility
COMMENT 'Contacts that want an answer, by week and channel, without parties';

-- The same cases by how long they waited, for curves: upper_hours is the end of a bin, of a minute in the first four
-- hours, 15 minutes in the first two days, an hour in the first two weeks, then a day. event: answer, resolution.
-- Bins are of whole milliseconds: a wait of exactly 31 minutes is in the one that ends there.
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
            (toUInt8(1), if(answer_ended = 1 AND first_answer_channel != channel, 4, answer_ended), waited_ms),
            (toUInt8(2), resolution_ended, resolved_ms)
        ]) AS what,
        tupleElement(what, 1) AS event_number,
        tupleElement(what, 2) AS ended,
        tupleElement(what, 3) AS waited,
        toUInt32(multiIf(waited <= 14400000, intDiv(waited + 59999, 60000), waited <= 172800000,
            1000 + intDiv(waited + 899999, 900000), waited <= 1209600000, 2000 + intDiv(waited + 3599999, 3600000),
            3000 + intDiv(waited + 86399999, 86400000))) AS bin
    FROM case_times
    WHERE asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
        AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
)
GROUP BY event_number, channel_number, visibility_number, cause_number, severe, bin
ORDER BY event, visibility, channel, root_cause, severe, upper_hours
COMMENT 'How long cases waited, in bins, for curves';

-- What `channels` counts, from cases and from parties. of: cases, for each channel, cause and severity; parties, for each
-- channel.
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
    of,
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
    SELECT
        'parties' AS of,
        at AS place,
        toUInt32(0) AS matter,
        CAST([], 'Array(Tuple(UInt32, UInt64))') AS answers,
        CAST([], 'Array(Tuple(UInt32, UInt64))') AS resolutions,
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
        WITH least(answered_ms, 604800000) / 3600000 AS upto
        SELECT
            any(place) AS at,
            sum(1 + bitShiftLeft(toUInt64(answered_ms <= 3600000), 32)) AS cases_1h,
            sum(toUInt64(answered_ms <= 86400000) + bitShiftLeft(toUInt64(answered_ms <= 604800000), 32)) AS day_week,
            sum(least(answered_ms, 604800000)) / 3600000 AS waited,
            sum(upto * upto) AS squared,
            bitAnd(cases_1h, 4294967295) AS n,
            bitShiftRight(cases_1h, 32) AS k_1h,
            bitAnd(day_week, 4294967295) AS k_24h,
            bitShiftRight(day_week, 32) AS k_168h
        FROM
        (
            SELECT
                party,
                toUInt16(transform(channel, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0)
                    + bitShiftLeft(transform(visibility, tupleElement(names, 2),
                        arrayEnumerate(tupleElement(names, 2)), 0), 8)) AS place,
                if(answer_ended = 1, waited_ms, 9223372036854775807) AS answered_ms
            FROM wait_times
            WHERE asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
                AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
        )
        GROUP BY bitXor(party, intHash64(place))
    )
    GROUP BY at
    UNION ALL
    SELECT
        'cases' AS of,
        place,
        matter,
        arraySort(groupArrayIf((code, n), which = 1)) AS answers,
        arraySort(groupArrayIf((code, n), which = 2)) AS resolutions,
        0 AS parties,
        sumIf(n, which = 1) AS cases,
        0 AS cases_squared,
        [0, 0, 0] AS with_it,
        [0, 0, 0] AS with_it_squared,
        [0, 0, 0] AS crossed,
        0. AS hours,
        0. AS hours_squared,
        0. AS hours_of_parties_squared,
        0. AS hours_crossed
    FROM
    (
        SELECT place, matter, which, code, sum(so_many) AS n
        FROM
        (
            SELECT
                toUInt16(transform(channel, tupleElement(names, 1), arrayEnumerate(tupleElement(names, 1)), 0)
                    + bitShiftLeft(transform(visibility, tupleElement(names, 2),
                        arrayEnumerate(tupleElement(names, 2)), 0), 8)) AS place,
                toUInt32(transform(root_cause, tupleElement(names, 3), arrayEnumerate(tupleElement(names, 3)), 0) * 2
                    + severe) AS matter,
                toUInt32(multiIf(waited_ms <= 14400000, intDiv(waited_ms + 59999, 60000),
                    waited_ms <= 172800000, 1000 + intDiv(waited_ms + 899999, 900000),
                    waited_ms <= 1209600000, 2000 + intDiv(waited_ms + 3599999, 3600000),
                    3000 + intDiv(waited_ms + 86399999, 86400000)) * 8
                    + if(answer_ended = 1 AND first_answer_channel != channel, 4, answer_ended)) AS answer,
                toUInt32(multiIf(resolved_ms <= 14400000, intDiv(resolved_ms + 59999, 60000),
                    resolved_ms <= 172800000, 1000 + intDiv(resolved_ms + 899999, 900000),
                    resolved_ms <= 1209600000, 2000 + intDiv(resolved_ms + 3599999, 3600000),
                    3000 + intDiv(resolved_ms + 86399999, 86400000)) * 8 + resolution_ended) AS solved,
                count() AS so_many
            FROM case_times
            WHERE asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
                AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
            GROUP BY place, matter, answer, solved
        )
        ARRAY JOIN [answer, solved] AS code, [1, 2] AS which
        GROUP BY place, matter, which, code
    )
    GROUP BY place, matter
)
ORDER BY of, visibility, channel, root_cause, severe
COMMENT 'How long cases waited, by channel and cause, with sums over parties for intervals: what `channels` counts';

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
    sum(alike) AS parties,
    sum(alike * n) AS cases,
    sum(alike * n * n) AS cases_squared,
    sum(alike * length(nexts)) AS came_back,
    sum(alike * length(nexts) * length(nexts)) AS came_back_squared,
    sum(alike * n * length(nexts)) AS cases_came_back,
    sumIf(alike, notEmpty(nexts)) AS parties_back,
    sum(alike * same) AS came_back_same,
    sum(alike * same * same) AS came_back_same_squared,
    sum(alike * length(nexts) * same) AS came_back_crossed_same,
    sum(alike * public) AS came_back_public,
    sum(alike * public * public) AS came_back_public_squared,
    sum(alike * length(nexts) * public) AS came_back_crossed_public,
    mapApply((number, again) -> (names[number], again), CAST(sumMap(nexts, arrayWithConstant(length(nexts),
        alike)), 'Map(UInt8, UInt64)')) AS next_channels
FROM
(
    -- the cases of a party in their order, once for all parties of the same course; after: by which channel it asked next,
    -- 0 where it did not
    SELECT
        alike,
        arrayMap(one -> toUInt8(bitShiftRight(one, 8)), course) AS asked,
        arrayMap(one -> toUInt8(one), course) AS answered,
        arrayJoin(arrayDistinct(arrayFilter(number -> number != 0, answered))) AS answered_number,
        arrayFilter((next, number) -> number = answered_number, arrayPushBack(arrayPopFront(asked), toUInt8(0)), answered)
            AS after,
        length(after) AS n,
        arrayFilter(next -> next != 0, after) AS nexts,
        countEqual(nexts, answered_number) AS same,
        arrayCount(next -> has(in_public, next), nexts) AS public
    FROM
    (
        SELECT any(one_course) AS course, count() AS alike
        FROM
        (
            -- in one number, from above: the time in ms since 1900, the case, the channel asked, the channel of the answer
            SELECT arrayMap(one -> toUInt16(one), arraySort(groupArray(
                bitShiftLeft(toUInt128(toUInt64(asked_ms + 2208988800000)), 80) + bitShiftLeft(toUInt128(case_key), 16)
                + bitShiftLeft(toUInt16(transform(channel, names, arrayEnumerate(names), 0)), 8)
                + if(answer_ended = 1, toUInt8(transform(first_answer_channel, names, arrayEnumerate(names), 0)), 0))))
                AS one_course
            FROM wait_times
            WHERE asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
                AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
            GROUP BY party
            HAVING max(answer_ended = 1)
        )
        GROUP BY cityHash64(one_course)
    )
)
GROUP BY answered_number
ORDER BY answered_by
COMMENT 'How alike one party''s returns are, by channel of the answer: for intervals over people';

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
                    SELECT party, toUInt128(0) AS code, traits
                    FROM current_contact_facts
                    WHERE traits != 0 AND need != 'copy' AND occurred_at >= since_at AND occurred_at < until_at
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
