DELETE FROM outbox_relay WHERE owner = ?;
