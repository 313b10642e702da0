SELECT id, lane, topic, encode(key, 'hex') FROM waybill.outbox_parked
WHERE id = ANY ($1::text::bigint[]) ORDER BY id FOR UPDATE;
