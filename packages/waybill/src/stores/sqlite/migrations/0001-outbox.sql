-- The outbox: a row's table is its status. All times are ms since 1970 by the database clock.
--! breaking
CREATE TABLE outbox_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- AUTOINCREMENT: without it SQLite hands out the highest id again after its row was deleted, and a late mark or an old
-- flight would meet another message under its row id.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  topic TEXT NOT NULL,
  key BLOB,
  headers BLOB NOT NULL,
  value BLOB,
  created_at INTEGER NOT NULL
);

-- An index of SQLite ends with the rowid, so this one is (lane, id): a lane is read in order without a sort. It holds no
-- payload, so it is also what is counted.
CREATE INDEX outbox_by_lane ON outbox (lane);

CREATE TABLE outbox_sent (
  id INTEGER PRIMARY KEY,
  lane INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  topic TEXT NOT NULL,
  key BLOB,
  headers BLOB NOT NULL,
  value BLOB,
  created_at INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  producer_id INTEGER NOT NULL,
  producer_epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  leader_epoch INTEGER NOT NULL,
  acked_at INTEGER NOT NULL
);
CREATE INDEX outbox_sent_by_age ON outbox_sent (acked_at);

CREATE TABLE outbox_parked (
  id INTEGER PRIMARY KEY,
  lane INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  topic TEXT NOT NULL,
  key BLOB,
  headers BLOB NOT NULL,
  value BLOB,
  created_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  held_since INTEGER,
  parked_at INTEGER NOT NULL
);

CREATE TABLE outbox_lane (
  lane INTEGER PRIMARY KEY,
  owner TEXT,
  fence INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  producer_id INTEGER
);

CREATE TABLE outbox_stream (
  lane INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  topic_id TEXT NOT NULL,
  producer_id INTEGER NOT NULL,
  producer_epoch INTEGER NOT NULL,
  next_sequence INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  last_leader_epoch INTEGER NOT NULL,
  last_stamp INTEGER NOT NULL,
  PRIMARY KEY (lane, topic, partition)
) WITHOUT ROWID;

-- row_ids is a JSON array in record order. One value instead of a table of (row, position): a flight of 500 would cost 500
-- inserts and 500 deletes more, and only flights of the same lane and topic can ever hold a row, so looking there is enough.
CREATE TABLE outbox_flight (
  lane INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  producer_id INTEGER NOT NULL,
  producer_epoch INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  row_ids TEXT NOT NULL,
  stamp INTEGER NOT NULL,
  claimed_fence INTEGER NOT NULL,
  PRIMARY KEY (lane, topic, partition)
);

CREATE TABLE outbox_hold (
  row_id INTEGER PRIMARY KEY,
  lane INTEGER NOT NULL,
  topic TEXT NOT NULL,
  key BLOB,
  attempts INTEGER NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL
);
CREATE INDEX outbox_hold_by_lane ON outbox_hold (lane, topic, key);

CREATE TABLE outbox_relay (owner TEXT PRIMARY KEY, alive_until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox_topic (topic TEXT PRIMARY KEY, max_message_bytes INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE outbox_alert (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cause TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  resolved_at INTEGER
);
CREATE UNIQUE INDEX outbox_alert_open ON outbox_alert (cause) WHERE resolved_at IS NULL;

CREATE TABLE outbox_alert_delivery (
  alert_id INTEGER NOT NULL,
  sink TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  reserved_until INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  PRIMARY KEY (alert_id, sink, state)
) WITHOUT ROWID;
