UPDATE waybill.outbox_alert SET resolved_at = floor(extract(epoch FROM clock_timestamp()) * 1000)
WHERE cause = $1::text AND resolved_at IS NULL;
