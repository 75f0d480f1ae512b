-- Until when it was listened stands by itself, so that no report on waits looks through all contacts for it. A maximum:
-- what comes twice or late changes nothing, and nothing takes it back, as nothing unhears what was heard.

CREATE TABLE IF NOT EXISTS heard_until
(
    historical Bool COMMENT 'Imported, not heard as it happened',
    until SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
        COMMENT 'When the last was heard; of what is imported when the newest was said, or heard where that was earlier'
)
ENGINE = AggregatingMergeTree
ORDER BY historical
COMMENT 'Of contacts and answers; can have several rows of a kind, to be joined by max; read observed';

CREATE MATERIALIZED VIEW IF NOT EXISTS heard_until_of_contact_facts TO heard_until AS
SELECT f.historical AS historical, max(if(f.historical, least(f.occurred_at, f.received_at), f.received_at)) AS until
FROM contact_facts AS f
GROUP BY f.historical
COMMENT 'Fills heard_until';

CREATE MATERIALIZED VIEW IF NOT EXISTS heard_until_of_responses TO heard_until AS
SELECT r.historical AS historical, max(if(r.historical, least(r.occurred_at, r.received_at), r.received_at)) AS until
FROM responses AS r
GROUP BY r.historical
COMMENT 'Fills heard_until';

-- What was there before; the sinks are stopped meanwhile.
INSERT INTO heard_until
SELECT historical, max(if(historical, least(occurred_at, received_at), received_at)) FROM contact_facts GROUP BY historical;
INSERT INTO heard_until
SELECT historical, max(if(historical, least(occurred_at, received_at), received_at)) FROM responses GROUP BY historical;

-- How long it was listened: what is not answered by then is not known to be unanswered for longer. Not longer than until
-- now, whatever a connector's clock says.
CREATE OR REPLACE VIEW observed AS
SELECT
    least(maxIf(until, NOT historical), now64(3, 'UTC')) AS live_until,
    least(maxIf(until, historical), now64(3, 'UTC')) AS historical_until
FROM heard_until
COMMENT 'Until when it was listened: live, and to imported history';
