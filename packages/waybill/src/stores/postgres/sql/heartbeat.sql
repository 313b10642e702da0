-- Parameters: owner, lease ms. An expired lease is not renewed: another relay may be about to take it. Ids of lanes are locked in
-- order, so that two heartbeats, or one and a take-over, never wait for each other in a circle.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), gone AS (
  DELETE FROM waybill.outbox_relay AS r USING clock WHERE r.alive_until <= clock.now AND r.owner <> $1::text RETURNING r.owner
), alive AS (
  INSERT INTO waybill.outbox_relay AS r (owner, alive_until) SELECT $1::text, now + $2::bigint FROM clock
  ON CONFLICT (owner) DO UPDATE SET alive_until = excluded.alive_until
), ours AS MATERIALIZED (
  SELECT l.lane FROM waybill.outbox_lane AS l, clock WHERE l.owner = $1::text AND l.expires_at > clock.now
  ORDER BY l.lane FOR NO KEY UPDATE OF l
), renewed AS (
  UPDATE waybill.outbox_lane AS l SET expires_at = clock.now + $2::bigint
  FROM ours, clock WHERE l.lane = ours.lane AND l.owner = $1::text AND l.expires_at > clock.now
  RETURNING l.lane, l.fence, l.expires_at, l.producer_id
)
SELECT clock.now,
  1 + (SELECT count(*) FROM waybill.outbox_relay AS r WHERE r.alive_until > clock.now AND r.owner <> $1::text),
  (SELECT count(*) FROM waybill.outbox_lane AS l WHERE l.owner IS NULL OR l.expires_at <= clock.now),
  renewed.lane, renewed.fence, renewed.expires_at, renewed.producer_id
FROM clock LEFT JOIN renewed ON true
ORDER BY renewed.lane;
