SELECT to_ms FROM waybill.inbox_parts();
