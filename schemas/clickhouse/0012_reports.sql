-- A view for each report of `listener report`, for since <= time < until; all of them are counted anew from the
-- current state, so replays, edits, deletions, moved parties and late events change them at once.

-- How long it was listened: what is not answered by then is not known to be unanswered for longer.
CREATE OR REPLACE VIEW observed AS
SELECT
    greatest(maxIf(received_at, NOT historical),
        (SELECT maxIf(received_at, NOT historical) FROM responses)) AS live_until,
    least(greatest(maxIf(occurred_at, historical),
        (SELECT maxIf(occurred_at, historical) FROM responses)), now64(3, 'UTC')) AS historical_until
FROM mentions
COMMENT 'Until when it was listened: live, and to imported history';

-- One row for each case in which somebody asked for an answer: how long until a person gave the first one, and until it
-- was resolved. outcome: answered, deleted (its first contact, before an answer), closed (by a person, without an
-- answer), waiting. resolution: resolved, declined, deleted, open. hours, resolution_hours: until then, or until the
-- end of observation.
CREATE OR REPLACE VIEW waits AS
SELECT
    case_id,
    party,
    historical,
    opened_at,
    asked_at,
    channel,
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

-- Root causes by distinct parties, for contacts with since <= occurred_at < until:
--   SELECT * FROM root_causes(since = '2015-01-01', until = '2016-01-01')
-- share: parties with this cause / parties with any contact in the window, with its 95 % Wilson score interval
-- (E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212). A deleted mention keeps counting.
-- cases: cases opened in the window with this cause, superseded ones left out; executive_answers, goodwill: of these.
-- parties_before: the same as parties in the time of equal length before the window.
CREATE OR REPLACE VIEW root_causes AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    fromUnixTimestamp64Milli(greatest(-2208988800000, 2 * toUnixTimestamp64Milli(since_at)
        - toUnixTimestamp64Milli(until_at)), 'UTC') AS before_at,
    1.959963984540054 AS z
SELECT
    cause,
    owner,
    parties,
    customers,
    parties - customers AS unmatched_authors,
    mentions,
    cases,
    max(window_parties) OVER () AS all_parties,
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
        if(contacts_owner != '', contacts_owner, cases_owner) AS owner,
        parties,
        customers,
        mentions,
        cases,
        window_parties,
        parties_before,
        severe_parties,
        executive_answers,
        goodwill
    FROM
    (
        SELECT
            cause,
            owner AS contacts_owner,
            finalizeAggregation(party_state) AS parties,
            customers,
            mentions,
            parties_before,
            severe_parties,
            uniqExactMerge(party_state) OVER () AS window_parties
        FROM
        (
            SELECT
                cause,
                argMaxIf(cause_owner, occurred_at, inside) AS owner,
                uniqExactStateIf(party, inside) AS party_state,
                uniqExactIf(party, inside AND startsWith(party, 'c:')) AS customers,
                countIf(inside) AS mentions,
                uniqExactIf(party, NOT inside) AS parties_before,
                uniqExactIf(party, inside AND severe) AS severe_parties
            FROM
            (
                SELECT
                    party,
                    occurred_at,
                    occurred_at >= since_at AS inside,
                    notEmpty(severity) AS severe,
                    if(empty(causes), ['unknown'], causes) AS found,
                    if(empty(causes), [''], cause_owners) AS owners
                FROM contacts
                WHERE occurred_at >= before_at AND occurred_at < until_at
            )
            ARRAY JOIN found AS cause, owners AS cause_owner
            GROUP BY cause
        )
    ) AS by_contacts
    FULL JOIN
    (
        SELECT
            root_cause AS cause,
            argMax(root_cause_owner, opened_at) AS cases_owner,
            count() AS cases,
            sum(executive_answers) AS executive_answers,
            sumMap(CAST(goodwill_currencies, 'Array(String)'), goodwill_amounts) AS given,
            CAST(given, 'Map(String, Float64)') AS goodwill
        FROM current_cases
        WHERE state != 'superseded' AND opened_at >= since_at AND opened_at < until_at
        GROUP BY cause
    ) AS by_cases USING (cause)
)
WHERE parties > 0 OR cases > 0
ORDER BY cause = 'unknown', parties DESC, cause
COMMENT 'Root causes by distinct parties, with trend, severity and cost';

-- The same by week (from Monday), to see a trend: SELECT * FROM root_causes_by_week(since = '...', until = '...')
CREATE OR REPLACE VIEW root_causes_by_week AS
SELECT
    toStartOfWeek(occurred_at, 1) AS week,
    arrayJoin(if(empty(causes), ['unknown'], causes)) AS cause,
    uniqExact(party) AS parties,
    count() AS mentions
FROM contacts
WHERE occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY week, cause
ORDER BY cause = 'unknown', cause, week
COMMENT 'Root causes by distinct parties and week';

-- Down to the cases of one cause: SELECT * FROM cases_of_cause(cause = 'late', since = '...', until = '...')
CREATE OR REPLACE VIEW cases_of_cause AS
SELECT case_id, party, state, severity, level, owner, channel, opened_at, asked_at, first_answer_at, ended_at,
    contact_count, failed_contacts, private_attempts, went_public_at, executive_answers,
    goodwill_amounts, goodwill_currencies, contacts
FROM current_cases
WHERE state != 'superseded' AND root_cause = {cause:String}
    AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
ORDER BY failed_contacts DESC, opened_at
COMMENT 'The cases of one root cause';

-- One bullhorn, or many customers? posts: contacts and what only passes on others' words; parties: people with a
-- contact of their own; copies: posts in words that were there already; loudest_share: posts of whoever said most;
-- gini, effective_parties: how unequally posts are spread, as many equally loud parties would be as concentrated;
-- posts_each, parties_so_loud: so many parties said so much. reach: followers of all, each party's most; moved: rank by posts less rank by parties.
CREATE OR REPLACE VIEW loudness AS
WITH
    sumMap([said], [toUInt64(1)]) AS spread,
    tupleElement(spread, 1) AS each,
    tupleElement(spread, 2) AS so_many,
    arraySum(so_many) AS people,
    arraySum((n, k) -> n * k, each, so_many) AS all_said
SELECT
    cause,
    countIf(contacts > 0) AS parties,
    all_said AS posts,
    posts - uniqExactMerge(words) AS copies,
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
        arrayJoin(if(empty(causes), ['unknown'], causes)) AS cause,
        party,
        count() AS said,
        countIf(need != 'copy') AS contacts,
        uniqExactState(if(copy_of = '', mention_id, copy_of)) AS words,
        max(ifNull(followers, 0)) AS followers
    FROM current_mentions
    WHERE direction = 'inbound' AND need NOT IN ('mention', 'spam')
        AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    GROUP BY cause, party
)
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
FROM waits
WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY channel, visibility
ORDER BY visibility, cases DESC, channel
COMMENT 'How the channels answer';

-- The same cases by how long they waited, for curves: upper_hours is the end of a bin, of a minute in the first four
-- hours, 15 minutes in the first two days, an hour in the first two weeks, then a day. event: answer, resolution.
CREATE OR REPLACE VIEW waits_in_bins AS
WITH tupleElement(what, 1) AS event, tupleElement(what, 2) AS ended, tupleElement(what, 3) AS waited
SELECT
    event,
    channel,
    visibility,
    root_cause,
    severe,
    multiIf(waited <= 4, ceil(waited * 60) / 60, waited <= 48, ceil(waited * 4) / 4, waited <= 336, ceil(waited),
        ceil(waited / 24) * 24) AS upper_hours,
    countIf(ended IN ('answered', 'resolved')) AS happened,
    countIf(ended IN ('closed', 'deleted', 'declined')) AS competing,
    countIf(ended IN ('waiting', 'open')) AS censored
FROM
(
    SELECT channel, visibility, root_cause, severe,
        arrayJoin([('answer', outcome, hours), ('resolution', resolution, resolution_hours)]) AS what
    FROM waits
    WHERE asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
GROUP BY event, channel, visibility, root_cause, severe, upper_hours
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
        leadInFrame(channel, 1, '') OVER (PARTITION BY party ORDER BY asked_at, case_id
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_channel
    FROM waits
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
FROM contacts
WHERE needs_response AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY week, channel, visibility
ORDER BY week, channel, visibility
COMMENT 'Contacts that want an answer, by week and channel';

-- Where contacts vanish: those that nobody answered by target and grace, by where they came in, for
-- since <= time of the contact < until. asked: parties that wanted an answer by that channel in the same time.
CREATE OR REPLACE VIEW vanished AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at
SELECT
    h.channel AS channel,
    h.source AS source,
    h.queue AS queue,
    h.owner AS owner,
    count() AS contacts,
    uniqExact(h.party) AS parties,
    any(a.asked) AS asked,
    countIf(h.ended_at IS NULL) AS open,
    countIf(h.acknowledged_at IS NOT NULL) AS acknowledged,
    countIf(h.chased_count > 0) AS chased,
    minIf(h.since, h.ended_at IS NULL) AS oldest_open
FROM current_black_holes AS h
LEFT JOIN
(
    SELECT channel, uniqExact(party) AS asked
    FROM contacts
    WHERE needs_response AND occurred_at >= since_at AND occurred_at < until_at
    GROUP BY channel
) AS a ON h.channel = a.channel
WHERE h.since >= since_at AND h.since < until_at
GROUP BY channel, source, queue, owner
ORDER BY parties DESC, contacts DESC, channel, source, queue, owner
COMMENT 'Contacts that nobody answered, by where they came in';

-- Deadlines of cases opened in the window. met and breached are decided; running_out: due within 24 hours of the end of
-- observation. parties: with a decided deadline; parties_breached: with a missed one.
CREATE OR REPLACE VIEW deadlines AS
SELECT
    family,
    jurisdiction,
    kind,
    channel,
    source,
    count() AS deadlines,
    countIf(clock = 'met') AS met,
    countIf(clock = 'breached') AS breached,
    countIf(clock IN ('running', 'paused')) AS running,
    countIf(clock = 'running' AND due <= until + INTERVAL 24 HOUR) AS running_out,
    countIf(clock = 'withdrawn') AS withdrawn,
    uniqExactIf(party, clock IN ('met', 'breached')) AS parties,
    uniqExactIf(party, clock = 'breached') AS parties_breached
FROM
(
    SELECT party, channel, source, clock_kinds, clock_states, clock_due_at, clock_families, clock_jurisdictions,
        if(historical, (SELECT historical_until FROM observed), (SELECT live_until FROM observed)) AS until
    FROM current_cases
    WHERE state != 'superseded' AND notEmpty(clock_families)
        AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
ARRAY JOIN clock_kinds AS kind, clock_states AS clock, clock_due_at AS due, clock_families AS family,
    clock_jurisdictions AS jurisdiction
GROUP BY family, jurisdiction, kind, channel, source
ORDER BY family DESC, jurisdiction, kind, channel, source
COMMENT 'Deadlines met, breached and running, by kind, channel and source';

-- How far people had to go, by root cause, for cases opened in the window that began in private.
-- failed_twice: at least two contacts that the company failed; private_attempts: before the first public contact, in
-- the mean of those that went public after a failure.
CREATE OR REPLACE VIEW escalations AS
SELECT
    root_cause,
    count() AS cases,
    uniqExact(party) AS parties,
    uniqExactIf(party, failed_contacts > 0) AS parties_failed,
    uniqExactIf(party, failed_contacts > 1) AS parties_failed_twice,
    uniqExactIf(party, went_public_at IS NOT NULL) AS parties_went_public,
    countIf(went_public_at IS NOT NULL) AS cases_went_public,
    if(cases_went_public = 0, 0, sumIf(private_attempts, went_public_at IS NOT NULL) / cases_went_public)
        AS private_attempts,
    max(failed_contacts) AS most_failed,
    uniqExactIf(party, level = 'executive') AS parties_at_executives
FROM current_cases
WHERE state != 'superseded' AND asked_at IS NOT NULL AND visibility = 'private'
    AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY root_cause
ORDER BY root_cause = 'unknown', parties_went_public DESC, root_cause
COMMENT 'How far people had to go who began in private, by root cause';

-- Who is treated how, like compared with like: parties by reach (of the account, most followers), by the source's mark
-- on it, by segment, within the same channel, cause and severity; a party's first case there counts.
-- in_a_day: answered by a person within 24 hours. Only cases that could be observed for so long.
CREATE OR REPLACE VIEW fairness AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at
SELECT
    tupleElement(trait, 1) AS attribute,
    tupleElement(trait, 2) AS value,
    channel,
    root_cause,
    severe,
    count() AS parties,
    countIf(in_time) AS in_a_day
FROM
(
    SELECT
        channel,
        root_cause,
        severe,
        argMin((quick, reach, marked, segment_name), asked_at) AS earliest,
        tupleElement(earliest, 1) AS in_time,
        arrayJoin([('reach', tupleElement(earliest, 2)), ('verified', tupleElement(earliest, 3)),
            ('segment', tupleElement(earliest, 4))]) AS trait
    FROM
    (
        SELECT
            w.party AS party, w.channel AS channel, w.root_cause AS root_cause, w.severe AS severe,
            w.asked_at AS asked_at,
            w.outcome = 'answered' AND w.hours <= 24 AS quick,
            multiIf(isNull(r.followers), 'not told', r.followers < 100, 'below 100', r.followers < 1000, '100 to 999',
                r.followers < 10000, '1000 to 9999', '10000 and more') AS reach,
            multiIf(isNull(r.marked), 'not told', r.marked, 'yes', 'no') AS marked,
            if(w.segment = '', 'none', toString(w.segment)) AS segment_name
        FROM waits AS w
        LEFT JOIN
        (
            SELECT party, max(followers) AS followers, max(verified_author) AS marked
            FROM contacts
            WHERE occurred_at >= since_at AND occurred_at < until_at
            GROUP BY party
        ) AS r ON w.party = r.party
        WHERE w.asked_at >= since_at AND w.asked_at < until_at AND (w.outcome != 'waiting' OR w.hours >= 24)
    )
    GROUP BY party, channel, root_cause, severe
)
GROUP BY attribute, value, channel, root_cause, severe
ORDER BY attribute, value, channel, root_cause, severe
COMMENT 'Parties answered within a day, by reach, mark and segment, within channel, cause and severity';

-- What reaches the executives, by root cause, for cases opened in the window. cases: addressed to them, come up to them,
-- or answered by one.
CREATE OR REPLACE VIEW executives AS
SELECT
    root_cause,
    argMax(root_cause_owner, opened_at) AS owner,
    count() AS cases,
    uniqExact(party) AS parties,
    sum(executive_answers) AS answers,
    countIf(channel = 'executive') AS addressed_to_them,
    sum(failed_contacts) AS failed_contacts
FROM current_cases
WHERE state != 'superseded' AND (channel = 'executive' OR level = 'executive' OR executive_answers > 0)
    AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY root_cause
ORDER BY answers DESC, cases DESC, root_cause
COMMENT 'What reaches the executives, by root cause';

-- What was given to make up for trouble, for cases opened in the window.
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
    FROM current_cases
    WHERE state != 'superseded' AND notEmpty(goodwill_amounts)
        AND opened_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
        AND opened_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
)
ARRAY JOIN goodwill_amounts AS amount, goodwill_currencies AS currency
GROUP BY currency, root_cause, visibility
ORDER BY currency, total DESC, root_cause, visibility
COMMENT 'What was given, by currency, root cause and visibility';

-- Parties that raised a cause on a day (UTC): what a fix is judged by.
CREATE OR REPLACE VIEW cause_days AS
SELECT
    toDate32(occurred_at) AS day,
    arrayJoin(if(empty(causes), ['unknown'], causes)) AS cause,
    uniqExact(party) AS parties
FROM contacts
WHERE occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY day, cause
ORDER BY cause, day
COMMENT 'Parties by root cause and day';

-- Contacts heard as they happened, by how many days later they were heard: how much of the last days is still to come.
CREATE OR REPLACE VIEW hearing_delays AS
SELECT
    toDate32(occurred_at) AS day,
    least(greatest(date_diff('day', occurred_at, received_at), 0), 60) AS days_later,
    count() AS contacts
FROM contacts
WHERE NOT historical AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
GROUP BY day, days_later
ORDER BY day, days_later
COMMENT 'Contacts by day and by how much later they were heard';

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
            substring(party, 3) AS customer_id,
            min(asked_at) AS began,
            argMin(root_cause, asked_at) AS root_cause,
            argMin(severe, asked_at) AS severe,
            argMin(segment, asked_at) AS segment,
            argMin(outcome = 'answered', asked_at) AS answered
        FROM waits
        WHERE startsWith(party, 'c:') AND asked_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
            AND asked_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
        GROUP BY party
    ) AS f
    LEFT JOIN
    (
        SELECT customer_id, kind, value, occurred_at FROM current_outcomes
    ) AS o ON f.customer_id = o.customer_id
    GROUP BY f.party
)
GROUP BY kind, root_cause, severe, segment, answered
ORDER BY kind, root_cause, severe, segment, answered
COMMENT 'What became of customers, by whether their first case was answered';

ALTER TABLE current_mentions MODIFY COMMENT 'Everything that was said, both directions, newest state; columns as in mentions';
ALTER TABLE contacts MODIFY COMMENT 'What was said to the company and is neither spam nor talk nor passed on; columns as in mentions';
ALTER TABLE copies MODIFY COMMENT 'Texts that more than one mention uses';
ALTER TABLE current_responses MODIFY COMMENT 'What the company answered, newest state; columns as in responses';
ALTER TABLE current_cases MODIFY COMMENT 'Each case, its newest snapshot; columns as in cases';
ALTER TABLE current_parties MODIFY COMMENT 'Each author with its party; columns as in parties';
ALTER TABLE current_customers MODIFY COMMENT 'Customer records; columns as in customers';
ALTER TABLE current_tickets MODIFY COMMENT 'Tickets of cases; columns as in tickets';
ALTER TABLE current_outcomes MODIFY COMMENT 'What became of customers; columns as in outcomes';
ALTER TABLE current_fixes MODIFY COMMENT 'Declared fixes; columns as in fixes';
ALTER TABLE current_alerts MODIFY COMMENT 'Alerts, also those withdrawn; columns as in alerts';
ALTER TABLE current_audit MODIFY COMMENT 'Who did what; columns as in audit';
ALTER TABLE current_dead_letters MODIFY COMMENT 'What could not be processed; columns as in dead_letters';
ALTER TABLE current_black_holes MODIFY COMMENT 'Contacts that nobody answered, of each case''s newest snapshot; columns as in black_holes';
