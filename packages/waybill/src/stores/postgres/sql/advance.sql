SELECT waybill.outbox_advance($1::text::jsonb, $2::int)::text;
