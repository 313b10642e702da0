SELECT lane, topic, partition, producer_id, producer_epoch, first_sequence, row_ids, stamp, claimed_fence
FROM outbox_flight WHERE lane = ? AND topic = ? AND partition = ?;
