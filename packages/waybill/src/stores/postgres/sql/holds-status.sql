SELECT h.lane, h.topic, encode(h.key, 'hex'), h.row_id, h.attempts, h.reason, h.since,
  CASE WHEN h.key IS NULL THEN 1 ELSE (
    SELECT count(*) FROM waybill.outbox AS o
    WHERE o.lane = h.lane AND o.id >= h.row_id AND o.topic = h.topic AND o.key = h.key) END
FROM waybill.outbox_hold AS h
ORDER BY h.since, h.row_id
LIMIT $1::bigint;
