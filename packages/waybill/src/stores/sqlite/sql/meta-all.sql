SELECT name, value FROM outbox_meta;
