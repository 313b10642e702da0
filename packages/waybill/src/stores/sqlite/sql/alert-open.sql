INSERT INTO outbox_alert (cause, kind, detail, opened_at, resolved_at) VALUES (?, ?, ?, ?, NULL)
ON CONFLICT DO NOTHING;
