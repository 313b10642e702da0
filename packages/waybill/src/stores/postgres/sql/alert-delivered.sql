INSERT INTO waybill.outbox_alert_delivery (alert_id, sink, state, tries, reserved_until, delivered)
SELECT id, $1::text, $3::text, 1, 0, true FROM waybill.outbox_alert WHERE id = $2::bigint
ON CONFLICT (alert_id, sink, state) DO UPDATE SET delivered = true, reserved_until = 0;
