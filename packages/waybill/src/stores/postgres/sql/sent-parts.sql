SELECT to_ms FROM waybill.outbox_sent_parts();
