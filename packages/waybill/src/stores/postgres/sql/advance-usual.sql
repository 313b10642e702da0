SELECT waybill.outbox_advance_usual(
  $1::text::int[], $2::text::bigint[], $3::text::int[], $4::text::text[], $5::text::int[], $6::text::bigint[],
  $7::text::bigint[], $8::text::int[], $9::text::bigint[], $10::text::bigint[], $11::text::int[],
  $12::text::bigint[], $13::text::text[], $14::text::int[], $15::text::int[], $16::text::bigint[],
  $17::int, $18::int
)::text;
