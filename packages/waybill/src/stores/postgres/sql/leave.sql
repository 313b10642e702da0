WITH gone AS (
  DELETE FROM waybill.outbox_relay AS r WHERE r.owner = $1::text
), given AS MATERIALIZED (
  SELECT l.lane FROM waybill.outbox_lane AS l WHERE l.owner = $1::text ORDER BY l.lane FOR UPDATE
)
UPDATE waybill.outbox_lane AS l SET owner = NULL, expires_at = 0 FROM given WHERE l.lane = given.lane;
