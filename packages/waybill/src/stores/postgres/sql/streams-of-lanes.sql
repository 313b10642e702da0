SELECT lane, topic, partition, topic_id, producer_id, producer_epoch, next_sequence, last_offset, last_leader_epoch, last_stamp
FROM waybill.outbox_stream WHERE lane = ANY ($1::text::int[]) ORDER BY topic COLLATE "C", partition;
