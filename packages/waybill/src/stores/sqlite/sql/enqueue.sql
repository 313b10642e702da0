-- Parameters in order: lane, message id, topic, key, headers, value. Run inside the caller's transaction.
INSERT INTO outbox (lane, message_id, topic, key, headers, value, created_at)
VALUES (?, ?, ?, ?, ?, ?, CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER));
