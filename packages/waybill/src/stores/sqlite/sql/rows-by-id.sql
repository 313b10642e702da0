SELECT o.id, o.lane, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at
FROM json_each(?) AS j CROSS JOIN outbox AS o ON o.id = j.value;
