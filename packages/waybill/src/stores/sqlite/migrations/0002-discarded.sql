-- Who gave a parked message up, when and why. Without value and headers: they may be what had to go.
CREATE TABLE outbox_discarded (
  id INTEGER PRIMARY KEY,
  lane INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  topic TEXT NOT NULL,
  key BLOB,
  created_at INTEGER NOT NULL,
  parked_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  discarded_at INTEGER NOT NULL
);
