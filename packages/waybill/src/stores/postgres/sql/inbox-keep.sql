-- Parameters: group, what it keeps in ms. Returns the time.
INSERT INTO waybill.inbox_group AS g (group_id, keep_ms, told_at)
VALUES ($1::text, $2::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
ON CONFLICT (group_id) DO UPDATE SET keep_ms = excluded.keep_ms, told_at = excluded.told_at
RETURNING told_at;
