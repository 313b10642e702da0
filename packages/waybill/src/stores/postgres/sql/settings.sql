SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
  pg_is_in_recovery()::text, current_setting('transaction_read_only'), current_setting('server_version_num'),
  current_setting('server_encoding');
