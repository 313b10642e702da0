UPDATE outbox_alert SET resolved_at = ? WHERE cause = ? AND resolved_at IS NULL;
