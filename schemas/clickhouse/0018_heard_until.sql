-- Until when it was listened stands by itself, so that no report on waits looks through all contacts for it. A maximum:
-- what comes twice or late changes nothing.

CREATE TABLE IF NOT EXISTS heard_until
(
    historical Bool COMMENT 'Imported, not heard as it happened',
    occurred_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the newest of it was said',
    received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the last of it was heard'
)
ENGINE = AggregatingMergeTree
ORDER BY historical
COMMENT 'The newest of what was said and answered; can have several rows of a kind, to be joined by max; read observed';

CREATE MATERIALIZED VIEW IF NOT EXISTS heard_until_of_contact_facts TO heard_until AS
SELECT f.historical AS historical, max(f.occurred_at) AS occurred_at, max(f.received_at) AS received_at
FROM contact_facts AS f
GROUP BY f.historical
COMMENT 'Fills heard_until';

CREATE MATERIALIZED VIEW IF NOT EXISTS heard_until_of_responses TO heard_until AS
SELECT r.historical AS historical, max(r.occurred_at) AS occurred_at, max(r.received_at) AS received_at
FROM responses AS r
GROUP BY r.historical
COMMENT 'Fills heard_until';

-- What was there before; the sinks are stopped meanwhile.
INSERT INTO heard_until SELECT historical, max(occurred_at), max(received_at) FROM contact_facts GROUP BY historical;
INSERT INTO heard_until SELECT historical, max(occurred_at), max(received_at) FROM responses GROUP BY historical;

-- How long it was listened: what is not answered by then is not known to be unanswered for longer. Not longer than until
-- now, whatever a source's clock says.
CREATE OR REPLACE VIEW observed AS
SELECT
    least(maxIf(received_at, NOT historical), now64(3, 'UTC')) AS live_until,
    least(maxIf(occurred_at, historical), now64(3, 'UTC')) AS historical_until
FROM heard_until
COMMENT 'Until when it was listened: live, and to imported history';
