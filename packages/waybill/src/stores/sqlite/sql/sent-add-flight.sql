-- All rows of a flight: offsets and sequences follow their places; sequences wrap to 0 after 2147483647 as Kafka's do.
-- Parameters: partition, base offset, producer id, producer epoch, first sequence, leader epoch, now, row ids.
INSERT INTO outbox_sent
  (id, lane, message_id, topic, key, headers, value, created_at,
   partition, offset, producer_id, producer_epoch, sequence, leader_epoch, acked_at)
SELECT o.id, o.lane, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at,
  ?, ? + j.key, ?, ?, (? + j.key) % 2147483648, ?, ?
FROM json_each(?) AS j CROSS JOIN outbox AS o ON o.id = j.value;
