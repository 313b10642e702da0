-- Partitions of outbox_sent. Functions, because a partition's name and bounds are no parameters.

-- Makes the partition [from_ms, to_ms) unless there is one that begins there. False when the default partition holds rows of that
-- time already: they stay where they are. The new table is attached, not created in place: that would lock out all marks.
CREATE FUNCTION waybill.outbox_sent_add(from_ms bigint, to_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $body$
DECLARE
  parent CONSTANT regclass := 'waybill.outbox_sent';
  home text;
  part text;
BEGIN
  SELECT n.nspname, c.relname || to_char(to_timestamp(from_ms / 1000.0) AT TIME ZONE 'UTC', '"_"YYYYMMDDHH24MI') INTO home, part
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = parent;
  IF EXISTS (
    SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = home AND c.relname = part
  ) THEN
    RETURN true;
  END IF;
  EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', home, part, parent);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)', parent, home, part, from_ms, to_ms);
  RETURN true;
EXCEPTION
  WHEN check_violation THEN RETURN false;
END
$body$;

-- Name and upper bound of each partition but the default one.
CREATE FUNCTION waybill.outbox_sent_parts() RETURNS TABLE (part regclass, to_ms bigint) LANGUAGE sql STABLE AS $body$
  SELECT c.oid::regclass, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''?(\d+)')::bigint
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'waybill.outbox_sent'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
$body$;

-- Drops the oldest partition that ends at or before `before_ms`; false when there is none.
CREATE FUNCTION waybill.outbox_sent_drop(before_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $body$
DECLARE
  oldest regclass;
BEGIN
  SELECT p.part INTO oldest FROM waybill.outbox_sent_parts() AS p WHERE p.to_ms <= before_ms ORDER BY p.to_ms LIMIT 1;
  IF oldest IS NULL THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %s', oldest);
  RETURN true;
END
$body$;
