-- Parameter: counted exactly up to about so many rows. Counting ten million takes a second, and is asked every second.
SELECT
  (SELECT CASE WHEN e.n > $1::bigint THEN e.n ELSE (SELECT count(*) FROM waybill.outbox) END FROM (
    SELECT CASE WHEN c.relpages > 0 AND c.reltuples > 0
      THEN (c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int))::bigint ELSE 0 END AS n
    FROM pg_class AS c WHERE c.oid = 'waybill.outbox'::regclass) AS e),
  (SELECT count(*) FROM waybill.outbox_parked),
  (SELECT count(*) FROM waybill.outbox_hold),
  (SELECT min(f.created_at) FROM waybill.outbox_lane AS l CROSS JOIN LATERAL (
    SELECT o.created_at FROM waybill.outbox AS o WHERE o.lane = l.lane ORDER BY o.id LIMIT 1) AS f),
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint;
