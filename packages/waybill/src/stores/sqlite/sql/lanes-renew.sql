-- Parameters: new expiry, owner, now. An expired lease is not renewed: another relay may be about to take it.
UPDATE outbox_lane SET expires_at = ? WHERE owner = ? AND expires_at > ?
RETURNING lane, fence, expires_at, producer_id;
