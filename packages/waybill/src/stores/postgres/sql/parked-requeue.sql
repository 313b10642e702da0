-- Row ids and creation times are drawn anew, in the order of the old ids.
WITH gone AS (
  DELETE FROM waybill.outbox_parked WHERE id = ANY ($1::text::bigint[])
  RETURNING id, lane, message_id, topic, key, headers, value
)
INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
SELECT g.lane, g.message_id, g.topic, g.key, g.headers, g.value, floor(extract(epoch FROM clock_timestamp()) * 1000)
FROM (SELECT gone.* FROM gone ORDER BY gone.id) AS g;
