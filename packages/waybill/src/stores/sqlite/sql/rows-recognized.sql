-- Parameters: lane, topic, message ids as a JSON array of hex. No index on message ids: this is asked after a restore only.
SELECT id, lower(hex(message_id)) AS message_id FROM outbox INDEXED BY outbox_by_lane
WHERE lane = ? AND topic = ? AND lower(hex(message_id)) IN (SELECT value FROM json_each(?))
ORDER BY id;
