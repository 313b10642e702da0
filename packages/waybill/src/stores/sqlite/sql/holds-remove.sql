DELETE FROM outbox_hold WHERE lane = ? AND row_id IN (SELECT value FROM json_each(?));
