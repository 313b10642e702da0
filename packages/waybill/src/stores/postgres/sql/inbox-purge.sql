-- Parameters: group, older than ms, of messages before, limit. By the place of the row: the key is in another order.
DELETE FROM waybill.inbox AS i USING (
  SELECT tableoid AS part, ctid AS place FROM waybill.inbox
  WHERE group_id = $1::text AND keep_from < floor(extract(epoch FROM clock_timestamp()) * 1000) - $2::bigint
    AND time_ms < $3::bigint
  ORDER BY keep_from LIMIT $4::bigint
) AS old
WHERE i.tableoid = old.part AND i.ctid = old.place
RETURNING 1;
