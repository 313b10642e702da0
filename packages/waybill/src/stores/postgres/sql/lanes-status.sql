SELECT l.lane, l.fence, l.expires_at, l.producer_id, l.owner,
  (SELECT count(*) FROM waybill.outbox AS o WHERE o.lane = l.lane),
  (SELECT coalesce(sum(cardinality(f.row_ids)), 0) FROM waybill.outbox_flight AS f WHERE f.lane = l.lane),
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
FROM waybill.outbox_lane AS l
ORDER BY l.lane;
