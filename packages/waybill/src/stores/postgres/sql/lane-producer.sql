UPDATE waybill.outbox_lane SET producer_id = $3::bigint WHERE lane = $1::int AND fence = $2::bigint AND owner IS NOT NULL
RETURNING 1;
