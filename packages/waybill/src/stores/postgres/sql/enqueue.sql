-- Parameters: lock classes, lock objects, shared?, payload bytes, then one array per column: lanes, message ids, topics, lengths
-- of key, headers and value. Scalars only, because ORMs bind arrays differently, and one text for any number of messages.
CALL waybill.outbox_enqueue(
  $1::text::int[], $2::text::int[], $3::text::bool[], $4::bytea,
  $5::text::int[], $6::text::uuid[], $7::text::text[], $8::text::int[], $9::text::int[], $10::text::int[]
);
