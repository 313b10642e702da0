-- Parameters in order: group, source, message id, time. Run inside the caller's transaction. A row comes back the first time.
INSERT INTO inbox (group_id, source, message_id, keep_from)
VALUES (?, ?, ?, max(?, CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)))
ON CONFLICT DO NOTHING
RETURNING 1 AS accepted;
