-- The timeline of what is written now. The one in pg_control_checkpoint() is the last checkpoint's: for some time after a promotion
-- that is still the old one.
SELECT s.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8),
  (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system() AS s;
