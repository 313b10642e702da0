DELETE FROM outbox_sent
WHERE id IN (SELECT id FROM outbox_sent INDEXED BY outbox_sent_by_age WHERE acked_at < ? ORDER BY acked_at LIMIT ?);
