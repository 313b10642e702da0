-- Parameters: sink, reserve ms, limit. A resolution is due only after its opening was confirmed: that keeps them in order. The
-- alert is locked first, so that of two relays the second skips it or sees the reservation.
WITH clock AS MATERIALIZED (
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
), due AS MATERIALIZED (
  SELECT a.id, a.cause, a.kind, a.detail, a.opened_at, a.resolved_at,
    CASE WHEN coalesce(o.delivered, false) THEN 'resolved' ELSE 'opened' END AS state
  FROM waybill.outbox_alert AS a CROSS JOIN clock
  LEFT JOIN waybill.outbox_alert_delivery AS o ON o.alert_id = a.id AND o.sink = $1::text AND o.state = 'opened'
  LEFT JOIN waybill.outbox_alert_delivery AS r ON r.alert_id = a.id AND r.sink = $1::text AND r.state = 'resolved'
  WHERE CASE WHEN NOT coalesce(o.delivered, false) THEN coalesce(o.reserved_until, 0) <= clock.now
    ELSE a.resolved_at IS NOT NULL AND NOT coalesce(r.delivered, false) AND coalesce(r.reserved_until, 0) <= clock.now END
  ORDER BY a.id LIMIT $3::bigint
), reserved AS (
  INSERT INTO waybill.outbox_alert_delivery AS d (alert_id, sink, state, tries, reserved_until, delivered)
  SELECT due.id, $1::text, due.state, 1, clock.now + $2::bigint, false FROM due, clock ORDER BY due.id
  ON CONFLICT (alert_id, sink, state) DO UPDATE SET tries = d.tries + 1, reserved_until = excluded.reserved_until
    WHERE NOT d.delivered AND d.reserved_until <= (SELECT now FROM clock)
  RETURNING d.alert_id, d.tries
)
SELECT due.id, due.cause, due.kind, due.detail, due.opened_at, due.resolved_at, due.state, reserved.tries
FROM due JOIN reserved ON reserved.alert_id = due.id ORDER BY due.id;
