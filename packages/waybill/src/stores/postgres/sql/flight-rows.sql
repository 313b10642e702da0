SELECT o.id, o.lane, o.message_id, o.topic, encode(o.key, 'hex'), encode(o.headers, 'hex'), encode(o.value, 'hex'), o.created_at
FROM waybill.outbox_flight AS f CROSS JOIN LATERAL unnest(f.row_ids) WITH ORDINALITY AS u (id, n)
JOIN waybill.outbox AS o ON o.lane = f.lane AND o.id = u.id
WHERE f.lane = ANY ($1::text::int[])
ORDER BY f.topic COLLATE "C", f.partition, u.n;
