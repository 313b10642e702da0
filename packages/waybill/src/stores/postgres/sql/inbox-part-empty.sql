SELECT waybill.inbox_part_empty($1::bigint, $2::bigint);
