-- Parameters: now, parked id. The row id is drawn anew, and with it the creation time: ids and times rise together.
INSERT INTO outbox (lane, message_id, topic, key, headers, value, created_at)
SELECT lane, message_id, topic, key, headers, value, ? FROM outbox_parked WHERE id = ?;
