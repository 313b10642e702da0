SELECT count(*) AS n FROM outbox_lane WHERE owner IS NULL OR expires_at <= ?;
