SELECT id, lane, message_id, topic, key, headers, value, created_at, parked_at, reason, attempts
FROM outbox_parked WHERE id = ?;
