SELECT id, cause, kind, detail, opened_at, resolved_at FROM outbox_alert WHERE resolved_at IS NULL ORDER BY id;
