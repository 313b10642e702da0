SELECT l.lane, l.owner, l.fence, l.expires_at, l.producer_id,
  (SELECT count(*) FROM outbox AS o WHERE o.lane = l.lane) AS waiting
FROM outbox_lane AS l
ORDER BY l.lane;
