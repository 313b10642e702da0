-- A page of each lane in one row: its messages in PostgreSQL's binary form of a record, one behind the other, as base64. Eight
-- text columns a message cost the relay's process 5 µs a message, this 1.5, and the server less, too.
-- known_to, known_counts: the caller has so many rows up to there; if that is what there is, the page begins above.
-- Bytes are summed by their lengths first, so that no large value is read in vain. The aggregates follow the order of their
-- subquery (one index scan, no sort); the reader of the page checks it.
-- enable_*: as in outbox_advance. Planned once a session: planning cost more than a small page [0.68 against 0.30 ms of CPU].
CREATE FUNCTION waybill.outbox_read(
  lanes integer[], after_ids bigint[], known_to bigint[], known_counts integer[], rows_max integer, bytes_max bigint,
  looks_always boolean, looks_exactly boolean
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
    SELECT count(*) >= rows_max OR NOT bool_and(r.fits) AS is_cut,
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
  IF FOUND OR looks_always THEN
    RETURN QUERY SELECT NULL::integer, NULL::boolean, waybill.outbox_open_senders(looks_exactly);
  END IF;
END
$body$;

-- Who may still commit rows with smaller ids than the page's: every transaction that was in progress at the page's own moment
-- (STABLE: the caller's snapshot) and had an id. A sender draws its transaction id first and row ids after it, so whoever draws one
-- later has larger ids. A snapshot lists those below its xmax, which is the last *ended* one + 1; the others are all ids from there
-- to the next that will be given, which `age` tells. Ids of savepoints may be among them, and who ended meanwhile: that only makes
-- the caller read a span again.
-- pg_locks is not asked for that: with 16 connections it cost more than a small page [commit to consumer at 1,000 transactions/s:
-- p50 41 ms with it, 25 without]. After a large page it is (looks_exactly): there it is cheap, and a relay's own steps, which are
-- transactions, too, would have spans of thousands of rows looked at again. Who ended meanwhile is not named then, see OpenSenders.
-- Otherwise it is asked about transactions that are open while 256 others began: one that writes something else
-- for an hour must not count as a sender for an hour. Left out is who held none of our locks and was still in progress
-- afterwards: locks are held to the end, so its rows, if ever, come later. Race: PREPARE TRANSACTION hands over the locks and the
-- transaction id one by one; a lock of ours without an owner says so, and nobody is left out.
CREATE FUNCTION waybill.outbox_open_senders(looks_exactly boolean)
RETURNS text LANGUAGE plpgsql STABLE AS $body$
DECLARE
  ended_below bigint;
  next_id bigint;
  open_ids bigint[];
  senders bigint[];
BEGIN
  ended_below := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
  next_id := ended_below + age(pg_snapshot_xmax(pg_current_snapshot())::xid);
  open_ids := ARRAY(SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint);
  IF next_id - ended_below <= 1024 THEN
    open_ids := open_ids || ARRAY(SELECT generate_series(ended_below, next_id - 1));
  ELSE
    -- Thousands of savepoints. A moment later than the page: who ended in between is not named, see OpenSenders.
    open_ids := open_ids || ARRAY(
      SELECT next_id - (next_id - l.transactionid::text::bigint & 4294967295)
      FROM pg_locks AS l WHERE l.locktype = 'transactionid' AND l.granted
    );
  END IF;
  IF looks_exactly OR open_ids[1] + 256 < next_id THEN
    senders := waybill.outbox_lock_owners();
    IF array_position(senders, NULL) IS NULL THEN
      open_ids := ARRAY(
        SELECT x.id FROM unnest(open_ids) AS x (id)
        WHERE x.id & 4294967295 = ANY (senders)
          OR NOT looks_exactly AND (x.id + 256 >= next_id OR pg_xact_status(x.id::text::xid8) <> 'in progress')
      );
    END IF;
  END IF;
  RETURN nullif(array_to_string(open_ids, ','), '');
END
$body$;

-- The transaction ids that hold our locks; NULL among them for a lock without one. Joined through pg_locks itself, one consistent
-- look.
CREATE FUNCTION waybill.outbox_lock_owners() RETURNS bigint[] LANGUAGE plpgsql
SET enable_hashjoin = on AS $body$
BEGIN
  RETURN ARRAY(
    WITH locks AS MATERIALIZED (
      SELECT locktype, database, classid, objsubid, virtualtransaction, transactionid, granted FROM pg_locks
    )
    SELECT DISTINCT t.transactionid::text::bigint
    FROM locks AS l
    LEFT JOIN locks AS t ON t.virtualtransaction = l.virtualtransaction AND t.locktype = 'transactionid' AND t.granted
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.classid IN (lock_class_of_lanes::oid, lock_class_of_keys::oid)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  );
END
$body$;
