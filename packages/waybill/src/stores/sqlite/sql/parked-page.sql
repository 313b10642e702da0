-- Parameters: after id, topic or null, topic, limit.
SELECT id, lane, message_id, topic, key, headers, value, created_at, parked_at, reason, attempts
FROM outbox_parked
WHERE id > ? AND (? IS NULL OR topic = ?)
ORDER BY id
LIMIT ?;
