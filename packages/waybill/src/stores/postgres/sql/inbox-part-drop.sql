SELECT waybill.inbox_part_drop($1::bigint);
