-- Parameters: who, why, now, parked id.
INSERT INTO outbox_discarded
  (id, lane, message_id, topic, key, created_at, parked_at, reason, attempts, who, why, discarded_at)
SELECT id, lane, message_id, topic, key, created_at, parked_at, reason, attempts, ?, ?, ?
FROM outbox_parked WHERE id = ?;
