-- Parameters: partition, offset, producer id, producer epoch, sequence, leader epoch, now, row id.
INSERT INTO outbox_sent
  (id, lane, message_id, topic, key, headers, value, created_at,
   partition, offset, producer_id, producer_epoch, sequence, leader_epoch, acked_at)
SELECT id, lane, message_id, topic, key, headers, value, created_at, ?, ?, ?, ?, ?, ?, ?
FROM outbox WHERE id = ?;
