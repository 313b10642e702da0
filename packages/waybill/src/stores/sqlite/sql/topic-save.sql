INSERT INTO outbox_topic (topic, max_message_bytes) VALUES (?, ?)
ON CONFLICT (topic) DO UPDATE SET max_message_bytes = excluded.max_message_bytes;
