-- Of a mention the highest revision holds, deleted or not; see mention_tombstones for deletions.

ALTER TABLE mentions COMMENT COLUMN version
    'Which row of a mention holds: revision, deleted, epoch, hash of content, time of publishing';
