SELECT row_id, lane, topic, key, attempts, reason, since FROM outbox_hold WHERE lane = ? ORDER BY row_id;
