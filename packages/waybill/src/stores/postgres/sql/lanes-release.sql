-- Parameters: owner, lanes, fences.
WITH given AS MATERIALIZED (
  SELECT l.lane FROM waybill.outbox_lane AS l JOIN unnest($2::text::int[], $3::text::bigint[]) AS g (lane, fence)
    ON g.lane = l.lane AND g.fence = l.fence
  WHERE l.owner = $1::text ORDER BY l.lane FOR UPDATE OF l
)
UPDATE waybill.outbox_lane AS l SET owner = NULL, expires_at = 0 FROM given WHERE l.lane = given.lane;
