SELECT lane, topic, key FROM outbox WHERE id = ?;
