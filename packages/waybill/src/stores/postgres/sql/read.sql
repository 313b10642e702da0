-- Parameters: lanes, read after these ids, rows per lane, the two lock classes. The last row has no id but the names of the
-- transactions that have drawn ids and not ended: one look at pg_locks, consistent in itself, and later than the snapshot that
-- the rows are of. The name is the transaction id, which stays the same when the transaction is prepared; of one with savepoints
-- all ids are given, the first among them.
(
  SELECT r.id, r.lane, r.message_id::text, r.topic, encode(r.key, 'hex'), encode(r.headers, 'hex'), encode(r.value, 'hex'), r.created_at
  FROM unnest($1::text::int[], $2::text::bigint[]) WITH ORDINALITY AS w (lane, after_id, n)
  CROSS JOIN LATERAL (
    SELECT o.* FROM waybill.outbox AS o WHERE o.lane = w.lane AND o.id > w.after_id ORDER BY o.id LIMIT $3::bigint
  ) AS r
)
UNION ALL
(
  WITH locks AS MATERIALIZED (
    SELECT locktype, database, classid, objsubid, virtualtransaction, transactionid, granted FROM pg_locks
  )
  SELECT NULL, NULL, NULL, string_agg(coalesce(t.transactionid::text, l.virtualtransaction), ','), NULL, NULL, NULL, NULL
  FROM locks AS l
  LEFT JOIN locks AS t ON t.virtualtransaction = l.virtualtransaction AND t.locktype = 'transactionid' AND t.granted
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.classid IN ($4::text::oid, $5::text::oid)
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
);
