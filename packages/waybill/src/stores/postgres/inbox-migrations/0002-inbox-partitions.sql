-- Partitions of the inbox. Functions, because a partition's name and bounds are no parameters.

-- Makes the partition [from_ms, to_ms) unless there is one that begins there. False when the default partition holds entries of
-- that time already: they stay where they are, and so does every later one of that time, or a message would meet two keys.
CREATE FUNCTION waybill.inbox_part_add(from_ms bigint, to_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $body$
DECLARE
  parent CONSTANT regclass := 'waybill.inbox';
  home text;
  part text;
BEGIN
  SELECT n.nspname, c.relname || to_char(to_timestamp(from_ms / 1000.0) AT TIME ZONE 'UTC', '"_"YYYYMMDD') INTO home, part
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = parent;
  IF EXISTS (
    SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = home AND c.relname = part
  ) THEN
    RETURN true;
  END IF;
  EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL) WITH (autovacuum_vacuum_insert_scale_factor = 0.05)', home, part, parent);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)', parent, home, part, from_ms, to_ms);
  RETURN true;
EXCEPTION
  WHEN check_violation THEN RETURN false;
END
$body$;

-- Name and upper bound of each partition but the default one.
CREATE FUNCTION waybill.inbox_parts() RETURNS TABLE (part regclass, to_ms bigint) LANGUAGE sql STABLE AS $body$
  SELECT c.oid::regclass, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''?(\d+)')::bigint
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'waybill.inbox'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
$body$;

-- Whether a group still needs an entry of the partition: its newest acceptance is younger than what the group keeps, or the group
-- has not said for three hours what it keeps. Looks at one row a group, by the index, so it is quick under a lock.
CREATE FUNCTION waybill.inbox_part_needed(part regclass, now_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $body$
DECLARE
  needed boolean;
BEGIN
  EXECUTE format($query$
    WITH RECURSIVE newest AS (
      (SELECT group_id, keep_from FROM %1$s ORDER BY group_id DESC, keep_from DESC LIMIT 1)
      UNION ALL
      SELECT n.group_id, n.keep_from FROM newest AS before CROSS JOIN LATERAL (
        SELECT group_id, keep_from FROM %1$s AS e WHERE e.group_id < before.group_id
        ORDER BY group_id DESC, keep_from DESC LIMIT 1
      ) AS n
    )
    SELECT EXISTS (
      SELECT 1 FROM newest AS n LEFT JOIN waybill.inbox_group AS g USING (group_id)
      WHERE g.group_id IS NULL OR g.told_at < $1 - 10800000 OR n.keep_from >= $1 - g.keep_ms
    )$query$, part) INTO needed USING now_ms;
  RETURN needed;
END
$body$;

-- Empties the oldest partition that ends at or before `before_ms` and that nobody needs; its name, or null when there is none.
-- TRUNCATE locks this partition only, so handlers of younger messages do not notice. Nobody can accept an entry in it between the
-- second look and the end of the transaction.
CREATE FUNCTION waybill.inbox_part_empty(before_ms bigint, now_ms bigint) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
  old regclass;
  filled boolean;
BEGIN
  FOR old IN SELECT p.part FROM waybill.inbox_parts() AS p WHERE p.to_ms <= before_ms ORDER BY p.to_ms LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', old) INTO filled;
    CONTINUE WHEN NOT filled OR waybill.inbox_part_needed(old, now_ms);
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', old);
    CONTINUE WHEN waybill.inbox_part_needed(old, now_ms);
    EXECUTE format('TRUNCATE %s', old);
    RETURN old::text;
  END LOOP;
  RETURN NULL;
END
$body$;

-- Drops the oldest empty partition that ends at or before `before_ms`; its name, or null. This one locks the whole inbox for a
-- moment, after it got the lock: the caller gives up soon when handlers are at work, and the empty table waits.
CREATE FUNCTION waybill.inbox_part_drop(before_ms bigint) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
  old regclass;
  name text;
  filled boolean;
BEGIN
  FOR old IN SELECT p.part FROM waybill.inbox_parts() AS p WHERE p.to_ms <= before_ms ORDER BY p.to_ms LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', old) INTO filled;
    CONTINUE WHEN filled;
    LOCK TABLE ONLY waybill.inbox IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', old);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', old) INTO filled;
    CONTINUE WHEN filled;
    name := old::text;
    EXECUTE format('DROP TABLE %s', old);
    RETURN name;
  END LOOP;
  RETURN NULL;
END
$body$;
