-- Parameters: ids, who, why.
WITH gone AS (
  DELETE FROM waybill.outbox_parked WHERE id = ANY ($1::text::bigint[]) RETURNING *
)
INSERT INTO waybill.outbox_discarded
  (id, lane, message_id, topic, key, created_at, parked_at, reason, attempts, who, why, discarded_at)
SELECT id, lane, message_id, topic, key, created_at, parked_at, reason, attempts, $2::text, $3::text,
  floor(extract(epoch FROM clock_timestamp()) * 1000)
FROM gone ORDER BY id
RETURNING id;
