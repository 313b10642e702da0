UPDATE waybill.outbox_alert SET resolved_at = floor(extract(epoch FROM clock_timestamp()) * 1000)
WHERE id = ANY ($1::text::bigint[]) AND resolved_at IS NULL
RETURNING id;
