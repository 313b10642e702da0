-- A page of each lane in one row: its messages in PostgreSQL's binary form of a record, one behind the other, as base64. Eight
-- text columns a message cost the relay's process 5 µs a message, this 1.5, and the server less, too.
-- known_to, known_counts: the caller has so many rows up to there; if that is what there is, the page begins above.
-- Bytes are summed by their lengths first, so that no large value is read in vain. The aggregates follow the order of their
-- subquery (one index scan, no sort); the reader of the page checks it.
-- enable_*: as in outbox_advance. Planned once a session: planning cost more than a small page [0.68 against 0.30 ms of CPU].
CREATE FUNCTION waybill.outbox_read(
  lanes integer[], after_ids bigint[], known_to bigint[], known_counts integer[], rows_max integer, bytes_max bigint,
  lane_locks oid, key_locks oid, looks_always boolean
) RETURNS TABLE (lane integer, is_cut boolean, page text) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan AS $body$
BEGIN
  RETURN QUERY
  SELECT w.lane, p.is_cut, p.page
  FROM unnest(lanes, after_ids, known_to, known_counts) AS w (lane, after_id, known_to, known_count)
  CROSS JOIN LATERAL (
    SELECT CASE WHEN w.known_to > w.after_id AND w.known_count = (
      SELECT count(*) FROM waybill.outbox AS o WHERE o.lane = w.lane AND o.id > w.after_id AND o.id <= w.known_to
    ) THEN w.known_to ELSE w.after_id END AS from_id
  ) AS f
  CROSS JOIN LATERAL (
    SELECT count(*) >= rows_max OR max(r.bytes_so_far) > bytes_max AS is_cut,
      encode(
        string_agg(
          record_send(ROW(r.id, r.message_id, r.created_at, r.topic, r.key, r.headers, r.value)), ''::bytea
        ) FILTER (WHERE r.fits), 'base64'
      ) AS page
    FROM (
      SELECT t.*, t.bytes_so_far <= bytes_max OR t.bytes_so_far = t.bytes AS fits
      FROM (
        SELECT s.*, sum(s.bytes) OVER (ROWS UNBOUNDED PRECEDING) AS bytes_so_far
        FROM (
          SELECT o.id, o.message_id, o.created_at, o.topic, o.key, o.headers, o.value,
            coalesce(octet_length(o.key), 0) + octet_length(o.headers) + coalesce(octet_length(o.value), 0) AS bytes
          FROM waybill.outbox AS o WHERE o.lane = w.lane AND o.id > f.from_id ORDER BY o.id LIMIT rows_max
        ) AS s
      ) AS t
    ) AS r
  ) AS p
  WHERE p.page IS NOT NULL;
  -- After the page's snapshot was taken, and only where it is wanted: with hundreds of locks it costs more than a small page.
  IF FOUND OR looks_always THEN
    RETURN QUERY SELECT NULL::integer, NULL::boolean, waybill.outbox_open_senders(lane_locks, key_locks);
  END IF;
END
$body$;

-- Who may still commit rows with smaller ids: holders of our locks. Joined through pg_locks itself, one consistent look.
CREATE FUNCTION waybill.outbox_open_senders(lane_locks oid, key_locks oid) RETURNS text LANGUAGE plpgsql
SET enable_hashjoin = on AS $body$
BEGIN
  RETURN (
    WITH locks AS MATERIALIZED (
      SELECT locktype, database, classid, objsubid, virtualtransaction, transactionid, granted FROM pg_locks
    )
    SELECT string_agg(DISTINCT coalesce(t.transactionid::text, l.virtualtransaction), ',')
    FROM locks AS l
    LEFT JOIN locks AS t ON t.virtualtransaction = l.virtualtransaction AND t.locktype = 'transactionid' AND t.granted
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid IN (lane_locks, key_locks)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  );
END
$body$;
