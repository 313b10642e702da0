-- The steps of `advance` as functions: one round trip and one transaction for all of them. The rules are those of
-- stores/step-rules.ts; what needs only the step itself (no rows, a row named twice) is checked there and comes as "bad".
-- Each step checks everything before its first write, so that one that is fenced or conflicts leaves no trace.
--! breaking
CREATE FUNCTION waybill.outbox_conflict(detail text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $body$
  SELECT jsonb_build_object('kind', 'conflict', 'detail', detail)
$body$;

CREATE FUNCTION waybill.outbox_claim(step jsonb, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql AS $body$
DECLARE
  at_lane CONSTANT integer := step->>'lane';
  at_topic CONSTANT text := step->>'topic';
  at_partition CONSTANT integer := step->>'partition';
  new_topic_id CONSTANT text := step->>'topicId';
  new_producer CONSTANT bigint := step->>'producerId';
  new_epoch CONSTANT integer := step->>'producerEpoch';
  first CONSTANT bigint := step->>'firstSequence';
  ids CONSTANT bigint[] := step->>'rowIds';
  stream waybill.outbox_stream;
  is_known boolean;
  is_same_topic boolean;
  flying bigint;
  missing bigint;
  is_dense boolean;
  new_stamp bigint;
BEGIN
  PERFORM 1 FROM waybill.outbox_flight AS f WHERE f.lane = at_lane AND f.topic = at_topic AND f.partition = at_partition;
  IF FOUND THEN RETURN waybill.outbox_conflict('the stream has an open flight'); END IF;

  SELECT * INTO stream FROM waybill.outbox_stream AS s
  WHERE s.lane = at_lane AND s.topic = at_topic AND s.partition = at_partition;
  is_known := FOUND;
  is_same_topic := is_known AND stream.topic_id = new_topic_id;
  IF NOT is_known OR new_producer <> stream.producer_id OR new_epoch > stream.producer_epoch THEN
    IF first <> 0 THEN
      RETURN waybill.outbox_conflict(format('a new incarnation starts at sequence 0, not %s', first));
    END IF;
  ELSIF new_epoch <> stream.producer_epoch THEN
    RETURN waybill.outbox_conflict(format('the stream is at epoch %s already', stream.producer_epoch));
  ELSIF NOT is_same_topic THEN
    RETURN waybill.outbox_conflict('the topic was re-created: claim under a new incarnation');
  ELSIF first <> stream.next_sequence THEN
    RETURN waybill.outbox_conflict(format('the stream''s next sequence is %s, not %s', stream.next_sequence, first));
  END IF;

  -- A row can only be in flights of its own lane and topic. INTERSECT hashes; an array operator would compare all with all.
  SELECT x.id INTO flying FROM (
    SELECT unnest(ids) AS id
    INTERSECT
    SELECT unnest(f.row_ids) FROM waybill.outbox_flight AS f WHERE f.lane = at_lane AND f.topic = at_topic
  ) AS x LIMIT 1;
  IF FOUND THEN RETURN waybill.outbox_conflict(format('row %s is in a flight', flying)); END IF;

  SELECT array_agg(r.id) = ids AND bool_and(r.topic = at_topic) INTO is_dense FROM (
    SELECT o.id, o.topic FROM waybill.outbox AS o
    WHERE o.lane = at_lane AND o.id >= ids[1] AND o.id <= ids[cardinality(ids)]
    ORDER BY o.id LIMIT cardinality(ids) + 1
  ) AS r;
  is_dense := coalesce(is_dense, false);
  IF NOT is_dense THEN
    SELECT cardinality(ids) - count(*) INTO missing
    FROM unnest(ids) AS u (id) JOIN waybill.outbox AS o ON o.lane = at_lane AND o.id = u.id
    WHERE o.topic = at_topic;
    IF missing <> 0 THEN
      RETURN waybill.outbox_conflict(
        format('%s of the rows do not wait in lane %s for topic %s', missing, at_lane, at_topic));
    END IF;
  END IF;

  -- Strictly rising although the clock may stand still or go back: Kafka answers a duplicate with its stamp.
  new_stamp := greatest(now_ms, coalesce(stream.last_stamp, 0) + 1);
  INSERT INTO waybill.outbox_flight
    (lane, topic, partition, producer_id, producer_epoch, first_sequence, row_ids, stamp, claimed_fence, is_dense)
  VALUES (at_lane, at_topic, at_partition, new_producer, new_epoch, first, ids, new_stamp, (step->>'fence')::bigint, is_dense);
  IF is_known THEN
    UPDATE waybill.outbox_stream AS s
    SET topic_id = new_topic_id, producer_id = new_producer, producer_epoch = new_epoch, next_sequence = first,
      last_stamp = new_stamp,
      last_offset = CASE WHEN is_same_topic THEN s.last_offset ELSE (step->>'openedAtOffset')::bigint END,
      last_leader_epoch = CASE WHEN is_same_topic THEN s.last_leader_epoch ELSE -1 END
    WHERE s.lane = at_lane AND s.topic = at_topic AND s.partition = at_partition;
  ELSE
    INSERT INTO waybill.outbox_stream
      (lane, topic, partition, topic_id, producer_id, producer_epoch, next_sequence, last_offset, last_leader_epoch, last_stamp)
    VALUES (at_lane, at_topic, at_partition, new_topic_id, new_producer, new_epoch, first,
      (step->>'openedAtOffset')::bigint, -1, new_stamp);
  END IF;
  RETURN jsonb_build_object('kind', 'done', 'stamp', new_stamp);
END
$body$;

-- Moves the rows of a flight to outbox_sent: offsets and sequences follow their places, sequences wrap to 0 after 2147483647 as
-- Kafka's do. Returns how many there were. This one looks every row up.
CREATE FUNCTION waybill.outbox_move(flight waybill.outbox_flight, base bigint, epoch integer, now_ms bigint) RETURNS integer
LANGUAGE plpgsql AS $body$
DECLARE
  at_lane CONSTANT integer := flight.lane;
  at_partition CONSTANT integer := flight.partition;
  producer CONSTANT bigint := flight.producer_id;
  its_epoch CONSTANT integer := flight.producer_epoch;
  first CONSTANT bigint := flight.first_sequence;
  ids CONSTANT bigint[] := flight.row_ids;
  moved integer;
BEGIN
  WITH gone AS (
    DELETE FROM waybill.outbox AS o USING unnest(ids) WITH ORDINALITY AS u (id, n)
    WHERE o.lane = at_lane AND o.id = u.id
    RETURNING o.id, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at, u.n - 1 AS place
  )
  INSERT INTO waybill.outbox_sent
    (id, lane, message_id, topic, key, headers, value, created_at,
     partition, "offset", producer_id, producer_epoch, sequence, leader_epoch, acked_at)
  SELECT g.id, at_lane, g.message_id, g.topic, g.key, g.headers, g.value, g.created_at,
    at_partition, base + g.place, producer, its_epoch,
    (first + g.place) % 2147483648, epoch, now_ms
  FROM gone AS g;
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END
$body$;

-- The same by one scan of the range between the first and the last id. A row that was committed there since the claim is left
-- where it is.
CREATE FUNCTION waybill.outbox_move_dense(flight waybill.outbox_flight, base bigint, epoch integer, now_ms bigint) RETURNS integer
LANGUAGE plpgsql SET enable_hashjoin = on SET enable_nestloop = off AS $body$
DECLARE
  at_lane CONSTANT integer := flight.lane;
  at_partition CONSTANT integer := flight.partition;
  producer CONSTANT bigint := flight.producer_id;
  its_epoch CONSTANT integer := flight.producer_epoch;
  first CONSTANT bigint := flight.first_sequence;
  ids CONSTANT bigint[] := flight.row_ids;
  moved integer;
BEGIN
  WITH gone AS (
    DELETE FROM waybill.outbox AS o USING unnest(ids) WITH ORDINALITY AS u (id, n)
    WHERE o.lane = at_lane AND o.id = u.id
      AND o.id >= ids[1] AND o.id <= ids[cardinality(ids)]
    RETURNING o.id, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at, u.n - 1 AS place
  )
  INSERT INTO waybill.outbox_sent
    (id, lane, message_id, topic, key, headers, value, created_at,
     partition, "offset", producer_id, producer_epoch, sequence, leader_epoch, acked_at)
  SELECT g.id, at_lane, g.message_id, g.topic, g.key, g.headers, g.value, g.created_at,
    at_partition, base + g.place, producer, its_epoch,
    (first + g.place) % 2147483648, epoch, now_ms
  FROM gone AS g;
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END
$body$;

CREATE FUNCTION waybill.outbox_mark(step jsonb, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql AS $body$
DECLARE
  flight waybill.outbox_flight;
  base CONSTANT bigint := step->>'baseOffset';
  epoch CONSTANT integer := step->>'leaderEpoch';
  size integer;
  moved integer;
BEGIN
  SELECT * INTO flight FROM waybill.outbox_flight AS f
  WHERE f.lane = (step->>'lane')::integer AND f.topic = step->>'topic' AND f.partition = (step->>'partition')::integer
    AND f.producer_id = (step->>'producerId')::bigint AND f.producer_epoch = (step->>'producerEpoch')::integer
    AND f.first_sequence = (step->>'firstSequence')::bigint;
  IF NOT FOUND THEN RETURN waybill.outbox_conflict('no such flight'); END IF;
  size := cardinality(flight.row_ids);

  IF flight.is_dense THEN
    moved := waybill.outbox_move_dense(flight, base, epoch, now_ms);
  ELSE
    moved := waybill.outbox_move(flight, base, epoch, now_ms);
  END IF;
  IF moved <> size THEN
    RAISE EXCEPTION 'invariant flight-rows-wait broken: % of % rows of a flight are waiting', moved, size
      USING ERRCODE = 'WB002';
  END IF;

  PERFORM waybill.outbox_land(flight, flight.row_ids);
  UPDATE waybill.outbox_stream AS s
  SET next_sequence = (flight.first_sequence::bigint + size) % 2147483648, last_offset = base + size - 1,
    last_leader_epoch = epoch
  WHERE s.lane = flight.lane AND s.topic = flight.topic AND s.partition = flight.partition;
  RETURN jsonb_build_object('kind', 'done');
END
$body$;

-- Ends a flight: `ids` are sent, so their holds are over.
CREATE FUNCTION waybill.outbox_land(flight waybill.outbox_flight, ids bigint[]) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM waybill.outbox_hold AS h WHERE h.lane = flight.lane AND h.topic = flight.topic AND h.row_id = ANY (ids);
  DELETE FROM waybill.outbox_flight AS f
  WHERE f.lane = flight.lane AND f.topic = flight.topic AND f.partition = flight.partition;
END
$body$;

CREATE FUNCTION waybill.outbox_release(step jsonb, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql AS $body$
DECLARE
  flight waybill.outbox_flight;
  next_producer CONSTANT bigint := step->>'nextProducerId';
  next_epoch CONSTANT integer := step->>'nextProducerEpoch';
  found_ids CONSTANT bigint[] := step->>'foundIds';
  found_offsets CONSTANT bigint[] := step->>'foundOffsets';
  rejected CONSTANT bigint := step->>'rejected';
  moved integer;
BEGIN
  SELECT * INTO flight FROM waybill.outbox_flight AS f
  WHERE f.lane = (step->>'lane')::integer AND f.topic = step->>'topic' AND f.partition = (step->>'partition')::integer
    AND f.producer_id = (step->>'producerId')::bigint AND f.producer_epoch = (step->>'producerEpoch')::integer
    AND f.first_sequence = (step->>'firstSequence')::bigint;
  IF NOT FOUND THEN RETURN waybill.outbox_conflict('no such flight'); END IF;
  IF NOT (next_producer <> flight.producer_id OR next_epoch > flight.producer_epoch) THEN
    RETURN waybill.outbox_conflict('a release must move the stream to a new incarnation');
  ELSIF NOT found_ids <@ flight.row_ids THEN
    RETURN waybill.outbox_conflict('a found row is not in the flight');
  ELSIF rejected IS NOT NULL AND NOT rejected = ANY (flight.row_ids) THEN
    RETURN waybill.outbox_conflict(format('rejected row %s is not in the flight', rejected));
  ELSIF rejected = ANY (found_ids) THEN
    RETURN waybill.outbox_conflict(format('row %s is both found and rejected', rejected));
  END IF;

  -- The leader epoch of a record that was read back is not known here: -1.
  WITH gone AS (
    DELETE FROM waybill.outbox AS o USING unnest(found_ids, found_offsets) AS u (id, found_at)
    WHERE o.lane = flight.lane AND o.id = u.id
    RETURNING o.id, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at, u.found_at
  )
  INSERT INTO waybill.outbox_sent
    (id, lane, message_id, topic, key, headers, value, created_at,
     partition, "offset", producer_id, producer_epoch, sequence, leader_epoch, acked_at)
  SELECT g.id, flight.lane, g.message_id, g.topic, g.key, g.headers, g.value, g.created_at,
    flight.partition, g.found_at, flight.producer_id, flight.producer_epoch,
    (flight.first_sequence::bigint + array_position(flight.row_ids, g.id) - 1) % 2147483648, -1, now_ms
  FROM gone AS g;
  GET DIAGNOSTICS moved = ROW_COUNT;
  IF moved <> cardinality(found_ids) THEN
    RAISE EXCEPTION 'invariant flight-rows-wait broken: % of % found rows of a flight are waiting',
      moved, cardinality(found_ids) USING ERRCODE = 'WB002';
  END IF;

  IF rejected IS NOT NULL THEN
    INSERT INTO waybill.outbox_hold AS h (row_id, lane, topic, key, attempts, reason, since)
    SELECT o.id, o.lane, o.topic, o.key, 1, step->>'reason', now_ms
    FROM waybill.outbox AS o WHERE o.lane = flight.lane AND o.id = rejected
    ON CONFLICT (row_id) DO UPDATE SET attempts = h.attempts + 1, reason = excluded.reason;
  END IF;
  PERFORM waybill.outbox_land(flight, found_ids);
  UPDATE waybill.outbox_stream AS s
  SET producer_id = next_producer, producer_epoch = next_epoch, next_sequence = 0,
    last_offset = (step->>'lastOffset')::bigint
  WHERE s.lane = flight.lane AND s.topic = flight.topic AND s.partition = flight.partition;
  RETURN jsonb_build_object('kind', 'done');
END
$body$;

CREATE FUNCTION waybill.outbox_park(step jsonb, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql AS $body$
DECLARE
  at_lane CONSTANT integer := step->>'lane';
  at_id CONSTANT bigint := step->>'rowId';
BEGIN
  PERFORM 1 FROM waybill.outbox_flight AS f WHERE f.lane = at_lane AND at_id = ANY (f.row_ids);
  IF FOUND THEN RETURN waybill.outbox_conflict(format('row %s is in a flight', at_id)); END IF;
  WITH gone AS (
    DELETE FROM waybill.outbox AS o WHERE o.lane = at_lane AND o.id = at_id RETURNING o.*
  ), hold AS (
    DELETE FROM waybill.outbox_hold AS h WHERE h.lane = at_lane AND h.row_id = at_id RETURNING h.attempts, h.since
  )
  INSERT INTO waybill.outbox_parked
    (id, lane, message_id, topic, key, headers, value, created_at, reason, attempts, held_since, parked_at)
  SELECT g.id, g.lane, g.message_id, g.topic, g.key, g.headers, g.value, g.created_at,
    step->>'reason', coalesce(h.attempts, 0), h.since, now_ms
  FROM gone AS g LEFT JOIN hold AS h ON true;
  IF NOT FOUND THEN
    RETURN waybill.outbox_conflict(format('row %s does not wait in lane %s', at_id, at_lane));
  END IF;
  RETURN jsonb_build_object('kind', 'done');
END
$body$;

-- Rows that lie in the topic already, found by their message ids. No index on those: this is asked after a restore only, and
-- then a scan of the lane and a hash join are what is wanted.
CREATE FUNCTION waybill.outbox_recognize(step jsonb, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = on SET enable_seqscan = on SET enable_bitmapscan = on AS $body$
DECLARE
  at_lane CONSTANT integer := step->>'lane';
  at_topic CONSTANT text := step->>'topic';
  ids bigint[];
BEGIN
  WITH gone AS (
    DELETE FROM waybill.outbox AS o
    USING unnest(
      (step->>'messageIds')::uuid[], (step->>'offsets')::bigint[], (step->>'producerIds')::bigint[],
      (step->>'producerEpochs')::integer[], (step->>'sequences')::integer[]
    ) AS u (message_id, found_at, producer_id, producer_epoch, sequence)
    WHERE o.lane = at_lane AND o.topic = at_topic AND o.message_id = u.message_id
      AND o.id NOT IN (
        SELECT unnest(f.row_ids) FROM waybill.outbox_flight AS f WHERE f.lane = at_lane AND f.topic = at_topic
      )
    RETURNING o.id, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at,
      u.found_at, u.producer_id, u.producer_epoch, u.sequence
  ), sent AS (
    INSERT INTO waybill.outbox_sent
      (id, lane, message_id, topic, key, headers, value, created_at,
       partition, "offset", producer_id, producer_epoch, sequence, leader_epoch, acked_at)
    SELECT g.id, at_lane, g.message_id, g.topic, g.key, g.headers, g.value, g.created_at,
      (step->>'partition')::integer, g.found_at, g.producer_id, g.producer_epoch, g.sequence, -1, now_ms
    FROM gone AS g
    RETURNING id
  )
  SELECT coalesce(array_agg(s.id ORDER BY s.id), '{}') INTO ids FROM sent AS s;
  DELETE FROM waybill.outbox_hold AS h WHERE h.lane = at_lane AND h.row_id = ANY (ids);
  RETURN jsonb_build_object('kind', 'done', 'rowIds', to_jsonb(ids));
END
$body$;

-- enable_*: rows are always looked up by (lane, id). A plan made while the table was small, or on old statistics, must not scan
-- a lane from its start, where a held snapshot keeps hundreds of thousands of dead rows.
CREATE FUNCTION waybill.outbox_advance(steps jsonb, lock_timeout_ms integer) RETURNS jsonb LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off AS $body$
DECLARE
  step jsonb;
  fences jsonb;
  result jsonb;
  results jsonb := '[]';
  now_ms bigint;
BEGIN
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    RAISE EXCEPTION 'synchronous_commit is %', current_setting('synchronous_commit') USING ERRCODE = 'WB001';
  END IF;
  PERFORM set_config('lock_timeout', lock_timeout_ms::text, true);
  -- KEY SHARE excludes a take-over, a release and a new identity, which lock FOR UPDATE, but not a heartbeat. A lane given back
  -- has no owner although its fence stands: a late write of the former owner must not pass either.
  SELECT jsonb_object_agg(l.lane, l.fence) INTO fences FROM (
    SELECT lane, fence FROM waybill.outbox_lane
    WHERE lane IN (SELECT (s->>'lane')::integer FROM jsonb_array_elements(steps) AS s) AND owner IS NOT NULL
    ORDER BY lane FOR KEY SHARE
  ) AS l;
  now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
  FOR step IN SELECT s FROM jsonb_array_elements(steps) AS s LOOP
    IF (fences->>(step->>'lane'))::bigint IS DISTINCT FROM (step->>'fence')::bigint THEN
      result := jsonb_build_object('kind', 'fenced');
    ELSIF step ? 'bad' THEN
      result := waybill.outbox_conflict(step->>'bad');
    ELSE
      CASE step->>'kind'
        WHEN 'claim' THEN result := waybill.outbox_claim(step, now_ms);
        WHEN 'mark' THEN result := waybill.outbox_mark(step, now_ms);
        WHEN 'release' THEN result := waybill.outbox_release(step, now_ms);
        WHEN 'park' THEN result := waybill.outbox_park(step, now_ms);
        WHEN 'recognize' THEN result := waybill.outbox_recognize(step, now_ms);
        WHEN 'hold-lift' THEN
          DELETE FROM waybill.outbox_hold AS h
          WHERE h.row_id = (step->>'rowId')::bigint AND h.lane = (step->>'lane')::integer;
          result := jsonb_build_object('kind', 'done');
      END CASE;
    END IF;
    results := results || result;
  END LOOP;
  RETURN results;
END
$body$;

-- The usual turn of a relay in one statement: small flights are marked, and small claims go on with the same incarnation, each
-- stream of the call once. As single steps these cost 100 µs each, so 2 ms of 20 [1,000 messages a second], nearly all of it for
-- starting statements. Everything is checked before the first write. NULL: something is not as usual, nothing was done; then
-- the steps go the way of outbox_advance, which knows every rule and its words.
-- held_*: the lanes of the streams, ascending. claimed_ids: the rows of all claims, each once, those of a stream from id_from to
-- id_to; marked_first, claimed_first: -1 without a mark, a claim. Returns a stamp for each stream, 0 without a claim.
-- LATERAL with OFFSET 0, and writes by ctid: the order of the joins is given, so there is no plan but looking every row up by
-- its key, whatever the statistics were when the session planned it. Planned once a session: it takes 2 ms.
CREATE FUNCTION waybill.outbox_advance_usual(
  held_lanes integer[], held_fences bigint[], lanes integer[], topics text[], partitions integer[], fences bigint[],
  producers bigint[], epochs integer[], marked_firsts bigint[], bases bigint[], leader_epochs integer[],
  claimed_firsts bigint[], topic_ids text[], ids_from integer[], ids_to integer[], claimed_ids bigint[],
  rows_max integer, lock_timeout_ms integer
) RETURNS bigint[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan AS $body$
DECLARE
  now_ms bigint;
  is_usual boolean;
  marked bigint;
  gone_ids bigint[];
  stamps bigint[];
BEGIN
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    RAISE EXCEPTION 'synchronous_commit is %', current_setting('synchronous_commit') USING ERRCODE = 'WB001';
  END IF;
  PERFORM set_config('lock_timeout', lock_timeout_ms::text, true);
  -- As in outbox_advance.
  SELECT array_agg(l.fence) = held_fences INTO is_usual FROM (
    SELECT x.fence FROM waybill.outbox_lane AS x WHERE x.lane = ANY (held_lanes) AND x.owner IS NOT NULL
    ORDER BY x.lane FOR KEY SHARE
  ) AS l;
  IF is_usual IS NOT TRUE THEN RETURN NULL; END IF;
  now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
  WITH t AS MATERIALIZED (
    SELECT u.*, s.at AS stream_at, f.at AS flight_at, claimed_ids[u.id_from:u.id_to] AS ids,
      coalesce(cardinality(f.row_ids), 0) AS marks, f.row_ids || claimed_ids[u.id_from:u.id_to] AS all_ids,
      CASE WHEN u.claimed_first >= 0 THEN greatest(now_ms, s.last_stamp + 1) ELSE 0 END AS stamp
    FROM unnest(
      lanes, topics, partitions, fences, producers, epochs, marked_firsts, bases, leader_epochs, claimed_firsts, topic_ids,
      ids_from, ids_to
    ) WITH ORDINALITY AS u (
      lane, topic, partition, fence, producer, epoch, marked_first, base, leader_epoch, claimed_first, topic_id,
      id_from, id_to, n
    )
    CROSS JOIN LATERAL (
      SELECT x.ctid AS at, x.topic_id, x.producer_id, x.producer_epoch, x.next_sequence, x.last_stamp
      FROM waybill.outbox_stream AS x WHERE x.lane = u.lane AND x.topic = u.topic AND x.partition = u.partition OFFSET 0
    ) AS s
    LEFT JOIN LATERAL (
      SELECT x.ctid AS at, x.producer_id, x.producer_epoch, x.first_sequence, x.row_ids
      FROM waybill.outbox_flight AS x WHERE x.lane = u.lane AND x.topic = u.topic AND x.partition = u.partition OFFSET 0
    ) AS f ON true
    WHERE CASE WHEN u.marked_first < 0 THEN f.at IS NULL ELSE
        f.producer_id = u.producer AND f.producer_epoch = u.epoch AND f.first_sequence = u.marked_first
        AND cardinality(f.row_ids) <= rows_max
      END
      AND CASE WHEN u.claimed_first < 0 THEN true ELSE
        s.producer_id = u.producer AND s.producer_epoch = u.epoch AND s.topic_id = u.topic_id
        AND u.claimed_first = CASE WHEN u.marked_first < 0 THEN s.next_sequence
          ELSE (u.marked_first + cardinality(f.row_ids)) % 2147483648 END
      END
  ), r AS MATERIALIZED (
    SELECT o.at, t.n, x.place, x.place <= t.marks AS is_marked
    FROM t
    CROSS JOIN LATERAL unnest(t.all_ids) WITH ORDINALITY AS x (id, place)
    CROSS JOIN LATERAL (
      SELECT y.ctid AS at FROM waybill.outbox AS y WHERE y.lane = t.lane AND y.id = x.id AND y.topic = t.topic OFFSET 0
    ) AS o
  ), checked AS MATERIALIZED (
    SELECT (SELECT count(*) FROM r) = sum(cardinality(t.all_ids)) AND count(*) = cardinality(lanes)
      AND NOT bool_or(t.claimed_first >= 0 AND EXISTS (
        SELECT FROM waybill.outbox_flight AS x WHERE x.lane = t.lane AND x.topic = t.topic AND x.row_ids && t.ids
      )) AS ok, sum(t.marks) AS marks, array_agg(t.stamp ORDER BY t.n) AS stamps
    FROM t
  ), gone AS (
    DELETE FROM waybill.outbox AS o USING r
    WHERE o.ctid = r.at AND r.is_marked AND (SELECT c.ok FROM checked AS c)
    RETURNING o.id, o.lane, o.message_id, o.topic, o.key, o.headers, o.value, o.created_at, r.n, r.place - 1 AS place
  ), sent AS (
    INSERT INTO waybill.outbox_sent
      (id, lane, message_id, topic, key, headers, value, created_at,
       partition, "offset", producer_id, producer_epoch, sequence, leader_epoch, acked_at)
    SELECT g.id, g.lane, g.message_id, g.topic, g.key, g.headers, g.value, g.created_at,
      partitions[g.n], bases[g.n] + g.place, producers[g.n], epochs[g.n],
      (marked_firsts[g.n] + g.place) % 2147483648, leader_epochs[g.n], now_ms
    FROM gone AS g
  ), landed AS (
    DELETE FROM waybill.outbox_flight AS f USING t
    WHERE f.ctid = t.flight_at AND t.claimed_first < 0 AND (SELECT c.ok FROM checked AS c)
  ), followed AS (
    UPDATE waybill.outbox_flight AS f
    SET first_sequence = t.claimed_first, row_ids = t.ids, stamp = t.stamp, claimed_fence = t.fence,
      is_dense = cardinality(t.ids) = 1
    FROM t WHERE f.ctid = t.flight_at AND t.claimed_first >= 0 AND (SELECT c.ok FROM checked AS c)
  ), begun AS (
    INSERT INTO waybill.outbox_flight
      (lane, topic, partition, producer_id, producer_epoch, first_sequence, row_ids, stamp, claimed_fence, is_dense)
    SELECT t.lane, t.topic, t.partition, t.producer, t.epoch, t.claimed_first, t.ids, t.stamp, t.fence, cardinality(t.ids) = 1
    FROM t WHERE t.flight_at IS NULL AND (SELECT c.ok FROM checked AS c)
  ), moved AS (
    UPDATE waybill.outbox_stream AS s
    SET next_sequence = CASE WHEN t.marked_first < 0 THEN s.next_sequence ELSE (t.marked_first + t.marks) % 2147483648 END,
      last_offset = CASE WHEN t.marked_first < 0 THEN s.last_offset ELSE t.base + t.marks - 1 END,
      last_leader_epoch = CASE WHEN t.marked_first < 0 THEN s.last_leader_epoch ELSE t.leader_epoch END,
      last_stamp = greatest(s.last_stamp, t.stamp)
    FROM t WHERE s.ctid = t.stream_at AND (SELECT c.ok FROM checked AS c)
  )
  SELECT c.ok, c.marks, c.stamps, (SELECT array_agg(g.id) FROM gone AS g) INTO is_usual, marked, stamps, gone_ids
  FROM checked AS c;
  IF is_usual IS NOT TRUE THEN RETURN NULL; END IF;
  IF marked <> coalesce(cardinality(gone_ids), 0) THEN
    RAISE EXCEPTION 'invariant flight-rows-wait broken: % of % rows of flights are waiting', cardinality(gone_ids), marked
      USING ERRCODE = 'WB002';
  END IF;
  IF marked > 0 AND EXISTS (SELECT FROM waybill.outbox_hold AS h WHERE h.lane = ANY (held_lanes)) THEN
    DELETE FROM waybill.outbox_hold AS h WHERE h.row_id = ANY (gone_ids);
  END IF;
  RETURN stamps;
END
$body$;
