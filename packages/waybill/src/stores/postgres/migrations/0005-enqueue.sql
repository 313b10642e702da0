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
