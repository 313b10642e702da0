SELECT waybill.inbox_part_add($1::bigint, $2::bigint)::text;
