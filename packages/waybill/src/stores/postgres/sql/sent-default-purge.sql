-- Parameters: acknowledged before, limit.
DELETE FROM waybill.outbox_sent_default WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM waybill.outbox_sent_default WHERE acked_at < $1::bigint LIMIT $2::bigint));
