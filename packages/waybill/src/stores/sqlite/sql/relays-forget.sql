DELETE FROM outbox_relay WHERE alive_until <= ?;
