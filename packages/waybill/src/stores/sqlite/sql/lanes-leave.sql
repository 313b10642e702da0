UPDATE outbox_lane SET owner = NULL, expires_at = 0 WHERE owner = ?;
