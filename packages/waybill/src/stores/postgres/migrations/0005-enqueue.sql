-- Inserts messages in the caller's transaction. A function, because its statements keep their plans for the session, whatever
-- the application's driver does; planned at each call they cost 0.4 ms, more than all the rest.
-- Order: the transaction id is assigned first, because it is the name by which open senders are known, also after PREPARE
-- TRANSACTION; then the locks are taken, in the order given; then ids are drawn, in the order of the messages.
-- Keys (size -1: none), headers and values (size -1: none) lie one behind the other in the payload.
CREATE FUNCTION waybill.outbox_enqueue(
  classes integer[], objects integer[], are_shared boolean[], payload bytea,
  lanes integer[], message_ids uuid[], topics text[], key_sizes integer[], header_sizes integer[], value_sizes integer[]
) RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
  at integer := 1;
  key_size integer;
  header_size integer;
  value_size integer;
BEGIN
  PERFORM txid_current();
  FOR i IN 1..cardinality(classes) LOOP
    IF are_shared[i] THEN PERFORM pg_advisory_xact_lock_shared(classes[i], objects[i]);
    ELSE PERFORM pg_advisory_xact_lock(classes[i], objects[i]);
    END IF;
  END LOOP;
  FOR i IN 1..cardinality(lanes) LOOP
    key_size := key_sizes[i];
    header_size := header_sizes[i];
    value_size := value_sizes[i];
    INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
    VALUES (
      lanes[i], message_ids[i], topics[i],
      CASE WHEN key_size >= 0 THEN substring(payload FROM at FOR key_size) END,
      substring(payload FROM at + greatest(key_size, 0) FOR header_size),
      CASE WHEN value_size >= 0 THEN substring(payload FROM at + greatest(key_size, 0) + header_size FOR value_size) END,
      floor(extract(epoch FROM clock_timestamp()) * 1000)
    );
    at := at + greatest(key_size, 0) + header_size + greatest(value_size, 0);
  END LOOP;
  RETURN cardinality(lanes);
END
$body$;

-- The same for one message, which is what most transactions send. Assignments instead of PERFORM: an expression is evaluated
-- as it stands, a PERFORM is run as a query, and three of those cost as much as the insert.
CREATE FUNCTION waybill.outbox_enqueue_one(
  lane_locks integer, key_locks integer, key_hash integer, is_ordered boolean,
  lane integer, message_id uuid, topic text, key bytea, headers bytea, value bytea
) RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
  began bigint;
  is_held boolean;
BEGIN
  began := txid_current();
  IF is_ordered THEN
    is_held := pg_advisory_xact_lock_shared(lane_locks, lane) IS NULL;
    is_held := pg_advisory_xact_lock(key_locks, key_hash) IS NULL;
  ELSE
    is_held := pg_advisory_xact_lock_shared(lane_locks, -1) IS NULL;
  END IF;
  INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
  VALUES (
    outbox_enqueue_one.lane, outbox_enqueue_one.message_id, outbox_enqueue_one.topic, outbox_enqueue_one.key,
    outbox_enqueue_one.headers, outbox_enqueue_one.value, floor(extract(epoch FROM clock_timestamp()) * 1000)
  );
  RETURN 1;
END
$body$;
