-- A row leads back to its record, whose words are not kept here. Rows that are older than this have the offset -1:
-- their snapshots are looked for in the whole topic, unless `listener rewind` lets the sink store the topic again.

ALTER TABLE cases ADD COLUMN IF NOT EXISTS snapshot_partition Int32 DEFAULT -1
    COMMENT 'Where the whole snapshot stands: partition of the topic triage; -1 where it is not known' AFTER policy_hash;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS snapshot_offset Int64 DEFAULT -1
    COMMENT 'Offset of the snapshot in that partition; -1 where it is not known' AFTER snapshot_partition;
