-- Parameters: schema, table. Not to_regclass: that fails without the right to use the schema.
SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relname = $2::text;
