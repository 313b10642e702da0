SELECT id, cause, kind, detail, opened_at, resolved_at FROM outbox_alert ORDER BY id DESC LIMIT ?;
