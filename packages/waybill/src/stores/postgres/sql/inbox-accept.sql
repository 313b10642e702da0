-- Parameters: group, source, message id, time. Run inside the caller's transaction, by the caller's library: columns are single
-- words, because applications let it rename others (postgres.camel).
WITH added AS (
  INSERT INTO waybill.inbox (group_id, source, message_id, time_ms, keep_from)
  VALUES ($1::text, $2::text, $3::bytea, $4::bigint,
    greatest($4::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint))
  ON CONFLICT DO NOTHING
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM added) AS accepted, current_setting('synchronous_commit') AS durability;
