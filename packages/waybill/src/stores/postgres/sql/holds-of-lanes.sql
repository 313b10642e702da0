SELECT lane, topic, encode(key, 'hex'), row_id, attempts, reason, since FROM waybill.outbox_hold
WHERE lane = ANY ($1::text::int[]) ORDER BY row_id;
