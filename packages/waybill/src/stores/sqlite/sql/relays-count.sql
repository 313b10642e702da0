SELECT count(*) AS n FROM outbox_relay;
