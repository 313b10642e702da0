-- Parameters: sink, state, alert id.
INSERT INTO outbox_alert_delivery (alert_id, sink, state, tries, reserved_until, delivered)
SELECT id, ?, ?, 1, 0, 1 FROM outbox_alert WHERE id = ?
ON CONFLICT (alert_id, sink, state) DO UPDATE SET delivered = 1, reserved_until = 0;
