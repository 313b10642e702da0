INSERT INTO waybill.outbox_topic (topic, max_message_bytes)
SELECT t.topic, t.bytes FROM unnest($1::text::text[], $2::text::int[]) AS t (topic, bytes) ORDER BY t.topic
ON CONFLICT (topic) DO UPDATE SET max_message_bytes = excluded.max_message_bytes;
