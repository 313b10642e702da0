UPDATE outbox_lane SET owner = NULL, expires_at = 0 WHERE lane = ? AND owner = ? AND fence = ?;
