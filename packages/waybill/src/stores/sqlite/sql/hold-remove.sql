DELETE FROM outbox_hold WHERE row_id = ? AND lane = ?;
