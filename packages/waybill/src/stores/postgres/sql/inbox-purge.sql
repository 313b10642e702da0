-- Parameters: group, older than ms, limit.
DELETE FROM waybill.inbox AS i USING (
  SELECT source, message_id FROM waybill.inbox
  WHERE group_id = $1::text AND keep_from < floor(extract(epoch FROM clock_timestamp()) * 1000) - $2::bigint
  ORDER BY keep_from LIMIT $3::bigint
) AS old
WHERE i.group_id = $1::text AND i.source = old.source AND i.message_id = old.message_id
RETURNING 1;
