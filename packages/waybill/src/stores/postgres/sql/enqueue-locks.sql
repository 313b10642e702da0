-- The locks of `enqueue` alone; parameters and order as there.
WITH began AS MATERIALIZED (
  SELECT txid_current() AS id
)
SELECT count(CASE WHEN l.is_shared THEN pg_advisory_xact_lock_shared(l.class, l.object)
                  ELSE pg_advisory_xact_lock(l.class, l.object) END)
FROM began, unnest($1::text::int[], $2::text::int[], $3::text::bool[]) AS l (class, object, is_shared)
WHERE began.id IS NOT NULL;
