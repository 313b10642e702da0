UPDATE outbox_lane SET producer_id = ? WHERE lane = ? AND fence = ? AND owner IS NOT NULL;
