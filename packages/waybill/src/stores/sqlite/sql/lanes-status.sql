SELECT l.lane, l.owner, l.fence, l.expires_at, l.producer_id,
  (SELECT count(*) FROM outbox AS o WHERE o.lane = l.lane) AS waiting,
  (SELECT coalesce(sum(json_array_length(f.row_ids)), 0) FROM outbox_flight AS f WHERE f.lane = l.lane) AS in_flight
FROM outbox_lane AS l
ORDER BY l.lane;
