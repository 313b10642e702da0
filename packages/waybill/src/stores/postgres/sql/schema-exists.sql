SELECT count(*) FROM pg_namespace WHERE nspname = $1::text;
