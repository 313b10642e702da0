-- Parameters: lock classes, lock objects, shared?, payload bytes, then one array per column: lanes, message ids, topics, lengths
-- of key (-1: none), headers and value (-1: none), which lie one behind the other in the payload. Scalars only, because ORMs
-- bind arrays differently, and one text for any number of messages.
-- Order: the transaction id is assigned first, because it is the name by which openSenders knows the transaction, also after
-- PREPARE TRANSACTION; then the locks are taken, in the order given; then ids are drawn, in the order of the messages.
WITH began AS MATERIALIZED (
  SELECT txid_current() AS id
), held AS MATERIALIZED (
  SELECT count(CASE WHEN l.is_shared THEN pg_advisory_xact_lock_shared(l.class, l.object)
                    ELSE pg_advisory_xact_lock(l.class, l.object) END) AS n
  FROM began, unnest($1::text::int[], $2::text::int[], $3::text::bool[]) AS l (class, object, is_shared)
  WHERE began.id IS NOT NULL
), place AS (
  SELECT m.*, 1 + coalesce(sum(greatest(m.key_size, 0) + m.headers_size + greatest(m.value_size, 0))
    OVER (ORDER BY m.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::int AS at
  FROM unnest($5::text::int[], $6::text::uuid[], $7::text::text[], $8::text::int[], $9::text::int[], $10::text::int[])
    WITH ORDINALITY AS m (lane, message_id, topic, key_size, headers_size, value_size, n)
)
INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
SELECT p.lane, p.message_id, p.topic,
  CASE WHEN p.key_size >= 0 THEN substring($4::bytea FROM p.at FOR p.key_size) END,
  substring($4::bytea FROM p.at + greatest(p.key_size, 0) FOR p.headers_size),
  CASE WHEN p.value_size >= 0
    THEN substring($4::bytea FROM p.at + greatest(p.key_size, 0) + p.headers_size FOR p.value_size) END,
  floor(extract(epoch FROM clock_timestamp()) * 1000)
FROM (SELECT place.* FROM held, place WHERE held.n >= 0 ORDER BY place.n) AS p;
