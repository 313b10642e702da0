-- Parameters: owner, lease ms, count. FOR UPDATE waits for nobody but excludes a late write under the old fence (see
-- outbox_advance); a lane that somebody is writing to is left for the next time.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), free AS MATERIALIZED (
  SELECT l.lane FROM waybill.outbox_lane AS l, clock WHERE l.owner IS NULL OR l.expires_at <= clock.now
  ORDER BY l.lane LIMIT $3::bigint FOR UPDATE OF l SKIP LOCKED
)
UPDATE waybill.outbox_lane AS l SET owner = $1::text, fence = l.fence + 1, expires_at = clock.now + $2::bigint
FROM free, clock WHERE l.lane = free.lane
RETURNING l.lane, l.fence, l.expires_at, l.producer_id;
