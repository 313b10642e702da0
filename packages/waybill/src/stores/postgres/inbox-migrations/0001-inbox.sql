-- Which messages a group has handled. Independent of the outbox: a database that only consumes has neither source nor lanes.
--! breaking
CREATE TABLE waybill.inbox_meta (name text PRIMARY KEY, value text NOT NULL);

-- message_id: 16 bytes for the 32 hex digits of waybill's own ids, which most are, else a letter and the text, so that no text
-- can be taken for an id. A hash of the whole key would be shorter, but two messages with one hash would be one.
-- time_ms: the message's own time. PostgreSQL has no unique key across partitions, so one message must always meet the same one.
-- keep_from: the later of the message's own time and its acceptance. By the message's time alone, a record of 2019 that is
-- read back today would be purged at once, and a second delivery would have a second effect.
CREATE TABLE waybill.inbox (
  group_id text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  message_id bytea NOT NULL,
  time_ms bigint NOT NULL,
  keep_from bigint NOT NULL,
  PRIMARY KEY (group_id, source, message_id, time_ms)
) PARTITION BY RANGE (time_ms);
CREATE INDEX inbox_by_age ON waybill.inbox (group_id, keep_from);

-- What finds no partition: older than the oldest, or of a time that is still far away.
CREATE TABLE waybill.inbox_default PARTITION OF waybill.inbox DEFAULT
  WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- For how long each group needs its entries, as its consumer said last. A group that says nothing needs them for ever.
CREATE TABLE waybill.inbox_group (
  group_id text COLLATE "C" PRIMARY KEY,
  keep_ms bigint NOT NULL,
  told_at bigint NOT NULL
);
