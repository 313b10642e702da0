INSERT INTO waybill.outbox_lane (lane, owner, fence, expires_at, producer_id)
SELECT n, NULL, 0, 0, NULL FROM generate_series(0, $1::int - 1) AS n;
