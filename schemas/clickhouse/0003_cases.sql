CREATE TABLE IF NOT EXISTS responses
(
    response_id String COMMENT 'Id of the answer; of an observed one the id of its mention',
    contact String COMMENT 'Id of the mention answered; empty where the source does not say',
    author String COMMENT 'The author who is answered',
    channel LowCardinality(String) COMMENT 'Channel of the answer',
    answered_by String COMMENT 'Person or account that answered',
    level LowCardinality(String) COMMENT 'product, front_line, manager, executive',
    kind LowCardinality(String) COMMENT 'acknowledged, answered, resolved, declined',
    reason String COMMENT 'Why it was declined; empty otherwise',
    excerpt String COMMENT 'Beginning of the answer' CODEC(ZSTD(1)),
    goodwill_amount Nullable(Float64) COMMENT 'What was given, in units of the currency',
    goodwill_currency LowCardinality(String) COMMENT 'ISO 4217; empty where nothing was given',
    goodwill_reason String COMMENT 'Why it was given',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it was answered',
    received_at DateTime64(3, 'UTC') COMMENT 'When Listener learned of it',
    historical Bool COMMENT 'Imported, not heard as it happened',
    derived Bool COMMENT 'Derived from an outbound mention; an explicit answer overrides it',
    party String COMMENT 'Party when this row was made; the truth is in parties',
    epoch UInt64 COMMENT 'Epoch of the author when this row was made',
    version UInt128 COMMENT 'Explicit before derived, then epoch, time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY response_id
COMMENT 'What the company answered, and what it gave';

CREATE TABLE IF NOT EXISTS cases
(
    case_id String COMMENT 'Id of the case',
    case_version UInt64 COMMENT 'Version of the snapshot; the highest holds',
    party String COMMENT 'Party when this snapshot was made; the truth is in parties',
    anchor String COMMENT 'Mention id of the earliest contact',
    anchor_author String COMMENT 'Author of the earliest contact',
    state LowCardinality(String) COMMENT 'new, waiting_for_us, waiting_for_customer, resolved, declined, reopened, superseded',
    superseded_by String COMMENT 'Case that took its place; empty where none',
    supersedes Array(String) COMMENT 'Cases whose place it took',
    historical Bool COMMENT 'All its contacts are historical',
    queue LowCardinality(String) COMMENT 'Queue that it waits in',
    level LowCardinality(String) COMMENT 'product, front_line, manager, executive',
    owner String COMMENT 'Who shall act; empty where nobody is named',
    priority UInt8 COMMENT '100 is the most urgent',
    waiting_since Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the first contact without an answer',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the next answer is due',
    reasons Array(String) COMMENT 'Rules of the policy that decided',
    root_cause LowCardinality(String) COMMENT 'Root cause, or unknown',
    root_cause_owner LowCardinality(String) COMMENT 'Process owner; empty where none',
    severity Array(LowCardinality(String)) COMMENT 'safety, legal_threat, vulnerable',
    needs_response Bool COMMENT 'Whether somebody must answer',
    customer_id String COMMENT 'Customer; empty where none',
    segment LowCardinality(String) COMMENT 'Segment of the customer; empty where none',
    authors Array(String) COMMENT 'Accounts that speak in it',
    contacts Array(String) COMMENT 'Mention ids of its first and last 50 contacts',
    contact_count UInt64 COMMENT 'Number of contacts',
    failed_contacts UInt64 COMMENT 'Contacts that the company failed',
    failed_levels Array(LowCardinality(String)) COMMENT 'Levels that failed this customer in this matter',
    response_count UInt64 COMMENT 'Number of answers',
    goodwill_amounts Array(Float64) COMMENT 'What was given',
    goodwill_currencies Array(LowCardinality(String)) COMMENT 'Currencies, in the order of goodwill_amounts',
    clock_kinds Array(LowCardinality(String)) COMMENT 'Deadlines by name',
    clock_states Array(LowCardinality(String)) COMMENT 'running, paused, met, breached, withdrawn; in the order of clock_kinds',
    clock_due_at Array(DateTime64(3, 'UTC')) COMMENT 'When they are due, in the order of clock_kinds',
    opened_at DateTime64(3, 'UTC') COMMENT 'Time of the first contact',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the newest contact or answer',
    policy_hash String COMMENT 'Policy that decided',
    version UInt128 COMMENT 'Version of the snapshot, time of publishing'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY case_id
COMMENT 'Cases; read current_cases';

CREATE TABLE IF NOT EXISTS tickets
(
    case_id String COMMENT 'Id of the case',
    desk LowCardinality(String) COMMENT 'The helpdesk',
    ticket_id String COMMENT 'Id of the ticket there',
    case_version UInt64 COMMENT 'Version of the case that the desk knows',
    url String COMMENT 'Where the ticket stands; empty where nowhere',
    updated_at DateTime64(3, 'UTC') COMMENT 'When the desk was told last',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (case_id, desk)
COMMENT 'Which ticket a case has at which desk';
