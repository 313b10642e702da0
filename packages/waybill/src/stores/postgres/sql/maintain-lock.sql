SELECT pg_try_advisory_xact_lock($1::int, -3)::text, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint;
