-- A condition as well as ON CONFLICT: the conflict alone would draw an id for each call, and a cause is reported again and again.
INSERT INTO waybill.outbox_alert (cause, kind, detail, opened_at)
SELECT $1::text, $2::text, $3::text, floor(extract(epoch FROM clock_timestamp()) * 1000)
WHERE NOT EXISTS (SELECT 1 FROM waybill.outbox_alert WHERE cause = $1::text AND resolved_at IS NULL)
ON CONFLICT DO NOTHING;
