SELECT count(pg_advisory_xact_lock($1::int, -1));
