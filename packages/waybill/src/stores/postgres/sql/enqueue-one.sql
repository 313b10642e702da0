-- Parameters: classes of lane and key locks, hash of the key, ordered?, lane, message id, topic, key, headers, value.
SELECT waybill.outbox_enqueue_one(
  $1::text::int, $2::text::int, $3::text::int, $4::text::boolean,
  $5::text::int, $6::text::uuid, $7::text, $8::bytea, $9::bytea, $10::bytea
) AS count;
