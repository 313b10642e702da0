-- Parameters: row id, lane, topic, key, reason, now.
INSERT INTO outbox_hold (row_id, lane, topic, key, attempts, reason, since) VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (row_id) DO UPDATE SET attempts = attempts + 1, reason = excluded.reason;
