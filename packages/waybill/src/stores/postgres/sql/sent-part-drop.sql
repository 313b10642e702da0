SELECT waybill.outbox_sent_drop($1::bigint)::text;
