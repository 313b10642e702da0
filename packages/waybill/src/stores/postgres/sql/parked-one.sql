SELECT id, lane, message_id, topic, encode(key, 'hex'), encode(headers, 'hex'), encode(value, 'hex'), created_at,
  parked_at, reason, attempts
FROM waybill.outbox_parked
WHERE id = $1::bigint;
