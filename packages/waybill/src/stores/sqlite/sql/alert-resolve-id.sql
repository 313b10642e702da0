-- Parameters: now, alert id.
UPDATE outbox_alert SET resolved_at = ? WHERE id = ? AND resolved_at IS NULL;
