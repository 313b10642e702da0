-- Parameters: alert id, sink, state, reserved until.
INSERT INTO outbox_alert_delivery (alert_id, sink, state, tries, reserved_until, delivered) VALUES (?, ?, ?, 1, ?, 0)
ON CONFLICT (alert_id, sink, state) DO UPDATE SET tries = tries + 1, reserved_until = excluded.reserved_until
RETURNING tries;
