-- Inserts messages in the caller's transaction. Procedures, because their statements keep their plans for the session, whatever
-- the application's driver does; planned at each call they cost 0.4 ms, more than all the rest. Procedures and not functions,
-- because a CALL is not planned, and returns no row [20 µs less in the server, 10 in Node].
-- Order: the transaction id is assigned first, because it is the name by which open senders are known, also after PREPARE
-- TRANSACTION; then the locks are taken, in the order given; then ids are drawn, in the order of the messages.
-- Keys (size -1: none), headers and values (size -1: none) lie one behind the other in the payload.
CREATE PROCEDURE waybill.outbox_enqueue(
  classes integer[], objects integer[], are_shared boolean[], payload bytea,
  lanes integer[], message_ids uuid[], topics text[], key_sizes integer[], header_sizes integer[], value_sizes integer[]
) LANGUAGE plpgsql AS $body$
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
      floor(date_part('epoch', clock_timestamp()) * 1000)
    );
    at := at + greatest(key_size, 0) + header_size + greatest(value_size, 0);
  END LOOP;
END
$body$;

-- The same for one message, which is what most transactions send. key_hash: NULL for a message of no order.
-- All before the INSERT is one expression: plpgsql sets up each one anew in each transaction, and a PERFORM is a query, as dear as
-- the INSERT. A CASE, because nothing else promises an order of evaluation: transaction id, lane, key. The row's id is drawn by
-- the next statement, so under the locks. The lock classes are numbers of this schema and prefix, the same as `enqueueLocks` has.
-- Parameters of text and bytes, cast here, where the plan is kept: a cast in the CALL is looked up at each call.
CREATE PROCEDURE waybill.outbox_enqueue_one(
  lane text, key_hash text, message_id text, topic text, key bytea, headers bytea, value bytea
) LANGUAGE plpgsql AS $body$
DECLARE
  is_held boolean;
BEGIN
  is_held := CASE
    WHEN txid_current() < 0 THEN false
    WHEN key_hash IS NULL THEN pg_advisory_xact_lock_shared(lock_class_of_lanes, -1) IS NOT NULL
    WHEN pg_advisory_xact_lock_shared(lock_class_of_lanes, lane::integer) IS NULL THEN false
    ELSE pg_advisory_xact_lock(lock_class_of_keys, key_hash::integer) IS NOT NULL
  END;
  INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
  VALUES (
    lane::integer, message_id::uuid, topic, key, headers, value, floor(date_part('epoch', clock_timestamp()) * 1000)
  );
END
$body$;
