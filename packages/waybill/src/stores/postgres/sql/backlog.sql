SELECT
  (SELECT count(*) FROM waybill.outbox),
  (SELECT count(*) FROM waybill.outbox_parked),
  (SELECT count(*) FROM waybill.outbox_hold),
  (SELECT min(f.created_at) FROM waybill.outbox_lane AS l CROSS JOIN LATERAL (
    SELECT o.created_at FROM waybill.outbox AS o WHERE o.lane = l.lane ORDER BY o.id LIMIT 1) AS f),
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint;
