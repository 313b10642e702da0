-- Parameters: lanes, read after these ids, known up to these ids, how many of them, rows and bytes per lane, whether to
-- look at open senders also when no row was found, and whether exactly. The row without a lane has the names of the transactions
-- that may have drawn ids and had not ended at the moment of which the rows are. The name is the transaction id, of 64 bits, which
-- stays the same when the transaction is prepared.
SELECT lane, is_cut::text, page
FROM waybill.outbox_read(
  $1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::int[], $5::int, $6::bigint,
  $7::text::boolean, $8::text::boolean
);
