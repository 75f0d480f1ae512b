-- Whoever asks about something else before the answer has come is not one who comes back after it.

-- Where people go after an answer: cases that a person answered, by the channel of that answer, and by which channel the
-- same party asked next once it had come, for since <= asked_at < until. next_channel is empty where it did not come back.
CREATE OR REPLACE VIEW what_we_teach AS
SELECT
    a.first_answer_channel AS answered_by,
    a.channel AS asked_by,
    b.channel AS next_channel,
    count() AS cases,
    uniqExact(a.party) AS parties
FROM
(
    SELECT party, channel, first_answer_channel, toInt64(asked_ms + waited_ms) AS answer_ms
    FROM wait_times
    WHERE answer_ended = 1
        AND asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
        AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
) AS a
ASOF LEFT JOIN
(
    SELECT party, asked_ms, min(toString(w.channel)) AS channel
    FROM wait_times AS w
    WHERE asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
        AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
    GROUP BY party, asked_ms
) AS b ON a.party = b.party AND a.answer_ms < b.asked_ms
GROUP BY answered_by, asked_by, next_channel
ORDER BY answered_by, asked_by, cases DESC, next_channel
COMMENT 'By which channel people came back after an answer';

-- Sums over parties of who came back: n cases that a person answered by this channel, came_back and came_back_same of them, and
-- came_back_public; of those who came back, the other two. next_channels: cases by the channel of what came next.
CREATE OR REPLACE VIEW what_we_teach_by_party AS
WITH
    (
        SELECT arraySort(groupUniqArray(toString(name)))
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
    -- the answers to a party in their order, once for all parties of the same course; next: by which channel it asked next,
    -- 0 where it did not
    SELECT
        alike,
        arrayMap(one -> toUInt8(bitShiftRight(one, 8)), course) AS next,
        arrayMap(one -> toUInt8(one), course) AS answered,
        arrayJoin(arrayDistinct(arrayFilter(number -> number != 0, answered))) AS answered_number,
        arrayFilter((channel, number) -> number = answered_number, next, answered) AS after,
        length(after) AS n,
        arrayFilter(channel -> channel != 0, after) AS nexts,
        countEqual(nexts, answered_number) AS same,
        arrayCount(channel -> has(in_public, channel), nexts) AS public
    FROM
    (
        SELECT any(one_course) AS course, count() AS alike
        FROM
        (
            SELECT arrayFilter((one, what) -> bitTest(what, 8), arrayMap((what, following) -> toUInt16(if(
                bitTest(following, 8), 0, bitShiftLeft(toUInt16(toUInt8(following)), 8)) + toUInt8(what)),
                happened, arrayReverseFill(what -> NOT bitTest(what, 8), happened)), happened) AS one_course
            FROM
            (
                -- in one number, from above: the time in ms since 1900, whether it is an answer, its channel
                SELECT arraySort(arrayConcat(
                    groupArray(bitShiftLeft(toUInt64(asked_ms + 2208988800000), 9)
                        + transform(channel, names, arrayEnumerate(names), 0)),
                    groupArrayIf(bitShiftLeft(toUInt64(asked_ms + waited_ms + 2208988800000), 9) + 256
                        + transform(first_answer_channel, names, arrayEnumerate(names), 0), answer_ended = 1))) AS happened
                FROM wait_times
                WHERE asked_ms >= toUnixTimestamp64Milli(parseDateTime64BestEffort({since:String}, 3, 'UTC'))
                    AND asked_ms < toUnixTimestamp64Milli(parseDateTime64BestEffort({until:String}, 3, 'UTC'))
                GROUP BY party
                HAVING max(answer_ended = 1)
            )
        )
        GROUP BY cityHash64(one_course)
    )
)
GROUP BY answered_number
ORDER BY answered_by
COMMENT 'How alike one party''s returns are, by channel of the answer: for intervals over people';
