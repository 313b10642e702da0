SELECT name, value FROM waybill.outbox_meta;
