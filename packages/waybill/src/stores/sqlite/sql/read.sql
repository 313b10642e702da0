SELECT id, lane, message_id, topic, key, headers, value, created_at
FROM outbox INDEXED BY outbox_by_lane
WHERE lane = ? AND id > ? AND id <= ?
ORDER BY id;
