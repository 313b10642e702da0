SELECT waybill.outbox_sent_add($1::bigint, $2::bigint)::text;
