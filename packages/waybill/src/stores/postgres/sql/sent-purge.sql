-- Parameters: older than ms, limit. By the place of the row, because there is no index.
DELETE FROM waybill.outbox_sent AS s USING (
  SELECT tableoid AS part, ctid AS place FROM waybill.outbox_sent
  WHERE acked_at < floor(extract(epoch FROM clock_timestamp()) * 1000) - $1::bigint
  ORDER BY acked_at LIMIT $2::bigint
) AS old
WHERE s.tableoid = old.part AND s.ctid = old.place
RETURNING 1;
