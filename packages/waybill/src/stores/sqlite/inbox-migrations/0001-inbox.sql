-- Which messages a group has handled. Independent of the outbox: a database that only consumes has neither source nor lanes.
--! breaking
CREATE TABLE inbox_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- message_id: 16 bytes for the 32 hex digits of waybill's own ids (half the size, and most rows are these), else text.
-- keep_from: the later of the message's own time and its acceptance. By the message's time alone, a record of 2019 that is
-- read back today would be purged at once, and a second delivery would have a second effect.
CREATE TABLE inbox (
  group_id TEXT NOT NULL,
  source TEXT NOT NULL,
  message_id BLOB NOT NULL,
  keep_from INTEGER NOT NULL,
  PRIMARY KEY (group_id, source, message_id)
) WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (group_id, keep_from);
