-- Parameters: cause, kind, detail, now, cause. A condition, not ON CONFLICT: that one draws an id and writes a page for each
-- call, and a cause is reported again and again while it lasts.
INSERT INTO outbox_alert (cause, kind, detail, opened_at, resolved_at)
SELECT ?, ?, ?, ?, NULL
WHERE NOT EXISTS (SELECT 1 FROM outbox_alert WHERE cause = ? AND resolved_at IS NULL);
