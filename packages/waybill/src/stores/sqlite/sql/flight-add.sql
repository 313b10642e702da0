INSERT INTO outbox_flight
  (lane, topic, partition, producer_id, producer_epoch, first_sequence, row_ids, stamp, claimed_fence)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
