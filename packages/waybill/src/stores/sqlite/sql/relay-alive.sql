INSERT INTO outbox_relay (owner, alive_until) VALUES (?, ?)
ON CONFLICT (owner) DO UPDATE SET alive_until = excluded.alive_until;
