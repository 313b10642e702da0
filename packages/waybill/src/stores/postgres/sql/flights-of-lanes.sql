SELECT lane, topic, partition, producer_id, producer_epoch, first_sequence, row_ids, stamp, claimed_fence
FROM waybill.outbox_flight WHERE lane = ANY ($1::text::int[]) ORDER BY topic COLLATE "C", partition;
