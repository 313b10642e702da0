UPDATE waybill.outbox_lane SET owner = NULL, expires_at = 0, fence = fence + 1, producer_id = NULL;
