INSERT INTO outbox_lane (lane, owner, fence, expires_at, producer_id) VALUES (?, NULL, 0, 0, NULL);
