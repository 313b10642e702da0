SELECT o.id, o.lane, o.message_id, o.topic, encode(o.key, 'hex'), encode(o.headers, 'hex'), encode(o.value, 'hex'), o.created_at
FROM unnest($2::text::bigint[]) AS u (id) JOIN waybill.outbox AS o ON o.lane = $1::int AND o.id = u.id;
