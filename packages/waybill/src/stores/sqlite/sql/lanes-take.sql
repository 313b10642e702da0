-- Parameters: owner, new expiry, now, count.
UPDATE outbox_lane SET owner = ?, fence = fence + 1, expires_at = ?
WHERE lane IN (SELECT lane FROM outbox_lane WHERE owner IS NULL OR expires_at <= ? ORDER BY lane LIMIT ?)
RETURNING lane, fence, expires_at, producer_id;
