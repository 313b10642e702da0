-- Parameters: after id, topic or null, limit.
SELECT id, lane, message_id, topic, encode(key, 'hex'), encode(headers, 'hex'), encode(value, 'hex'), created_at,
  parked_at, reason, attempts
FROM waybill.outbox_parked
WHERE id > $1::bigint AND ($2::text IS NULL OR topic = $2::text)
ORDER BY id
LIMIT $3::bigint;
