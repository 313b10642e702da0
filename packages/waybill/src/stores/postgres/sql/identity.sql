SELECT s.system_identifier, c.timeline_id, (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system() AS s, pg_control_checkpoint() AS c;
