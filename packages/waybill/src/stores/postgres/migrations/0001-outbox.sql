-- The outbox: a row's table is its status. All times are ms since 1970 by the database clock.
--! breaking
CREATE TABLE waybill.outbox_meta (name text PRIMARY KEY, value text NOT NULL);

-- No status, no attempts, no further index: three more indexes cost 11 % of the enqueue rate. Rows come and go all the time,
-- so dead ones must go early; cost_delay 0 because a vacuum that rests lets the dead grow faster than it removes them.
CREATE TABLE waybill.outbox (
  lane integer NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  message_id uuid NOT NULL,
  topic text NOT NULL,
  key bytea,
  headers bytea NOT NULL,
  value bytea,
  created_at bigint NOT NULL,
  PRIMARY KEY (lane, id)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
  autovacuum_analyze_scale_factor = 0.5, autovacuum_analyze_threshold = 50000
);

-- Partitioned by time, so that a day is dropped in no time. The default partition takes what no partition was made for: a mark
-- must never fail because maintenance did not run. No index: an index entry per row would cost a third of the mark rate.
CREATE TABLE waybill.outbox_sent (
  id bigint NOT NULL,
  lane integer NOT NULL,
  message_id uuid NOT NULL,
  topic text NOT NULL,
  key bytea,
  headers bytea NOT NULL,
  value bytea,
  created_at bigint NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  producer_id bigint NOT NULL,
  producer_epoch integer NOT NULL,
  sequence integer NOT NULL,
  leader_epoch integer NOT NULL,
  acked_at bigint NOT NULL
) PARTITION BY RANGE (acked_at);
CREATE TABLE waybill.outbox_sent_default PARTITION OF waybill.outbox_sent DEFAULT;

CREATE TABLE waybill.outbox_parked (
  id bigint PRIMARY KEY,
  lane integer NOT NULL,
  message_id uuid NOT NULL,
  topic text NOT NULL,
  key bytea,
  headers bytea NOT NULL,
  value bytea,
  created_at bigint NOT NULL,
  reason text NOT NULL,
  attempts integer NOT NULL,
  held_since bigint,
  parked_at bigint NOT NULL
);

-- What was given up, by whom and why. Without the value, which may be what had to go.
CREATE TABLE waybill.outbox_discarded (
  id bigint PRIMARY KEY,
  lane integer NOT NULL,
  message_id uuid NOT NULL,
  topic text NOT NULL,
  key bytea,
  created_at bigint NOT NULL,
  reason text NOT NULL,
  attempts integer NOT NULL,
  parked_at bigint NOT NULL,
  discarded_at bigint NOT NULL,
  who text NOT NULL,
  why text NOT NULL
);

CREATE TABLE waybill.outbox_lane (
  lane integer PRIMARY KEY,
  owner text,
  fence bigint NOT NULL,
  expires_at bigint NOT NULL,
  producer_id bigint
) WITH (
  fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0
);

-- Updated with every flight: room on the page keeps the update off the index.
CREATE TABLE waybill.outbox_stream (
  lane integer NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  topic_id text NOT NULL,
  producer_id bigint NOT NULL,
  producer_epoch integer NOT NULL,
  next_sequence integer NOT NULL,
  last_offset bigint NOT NULL,
  last_leader_epoch integer NOT NULL,
  last_stamp bigint NOT NULL,
  PRIMARY KEY (lane, topic, partition)
) WITH (
  fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

-- is_dense: at the claim these were all rows of the lane between the first and the last id, so one scan of that range finds
-- them. Looking each one up costs three times as much; a range with many rows of other flights would cost more.
CREATE TABLE waybill.outbox_flight (
  lane integer NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  producer_id bigint NOT NULL,
  producer_epoch integer NOT NULL,
  first_sequence integer NOT NULL,
  row_ids bigint[] NOT NULL,
  stamp bigint NOT NULL,
  claimed_fence bigint NOT NULL,
  is_dense boolean NOT NULL,
  PRIMARY KEY (lane, topic, partition)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000, toast.autovacuum_vacuum_cost_delay = 0
);
-- A flight lives for some ms: compressing it costs more than its pages.
ALTER TABLE waybill.outbox_flight ALTER COLUMN row_ids SET STORAGE EXTERNAL;

CREATE TABLE waybill.outbox_hold (
  row_id bigint PRIMARY KEY,
  lane integer NOT NULL,
  topic text NOT NULL,
  key bytea,
  attempts integer NOT NULL,
  reason text NOT NULL,
  since bigint NOT NULL
);
CREATE INDEX outbox_hold_by_lane ON waybill.outbox_hold (lane, topic);

CREATE TABLE waybill.outbox_relay (owner text PRIMARY KEY, alive_until bigint NOT NULL)
  WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
CREATE TABLE waybill.outbox_topic (topic text PRIMARY KEY, max_message_bytes integer NOT NULL);

CREATE TABLE waybill.outbox_alert (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cause text NOT NULL,
  kind text NOT NULL,
  detail text NOT NULL,
  opened_at bigint NOT NULL,
  resolved_at bigint
);

CREATE UNIQUE INDEX outbox_alert_open ON waybill.outbox_alert (cause) WHERE resolved_at IS NULL;

CREATE TABLE waybill.outbox_alert_delivery (
  alert_id bigint NOT NULL,
  sink text NOT NULL,
  state text NOT NULL,
  tries integer NOT NULL,
  reserved_until bigint NOT NULL,
  delivered boolean NOT NULL,
  PRIMARY KEY (alert_id, sink, state)
);
