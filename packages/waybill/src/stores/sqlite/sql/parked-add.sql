-- Parameters: reason, now, row id.
INSERT INTO outbox_parked
  (id, lane, message_id, topic, key, headers, value, created_at, reason, attempts, held_since, parked_at)
SELECT o.id, o.lane, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at, ?, coalesce(h.attempts, 0), h.since, ?
FROM outbox AS o LEFT JOIN outbox_hold AS h ON h.row_id = o.id
WHERE o.id = ?;
