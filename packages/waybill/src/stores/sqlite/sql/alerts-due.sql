-- Parameters: sink, sink, now, now, limit. A resolution is due only after its opening was confirmed: that keeps them in order.
SELECT a.id, a.cause, a.kind, a.detail, a.opened_at, a.resolved_at,
  CASE WHEN coalesce(o.delivered, 0) = 0 THEN 'opened' ELSE 'resolved' END AS state
FROM outbox_alert AS a
LEFT JOIN outbox_alert_delivery AS o ON o.alert_id = a.id AND o.sink = ? AND o.state = 'opened'
LEFT JOIN outbox_alert_delivery AS r ON r.alert_id = a.id AND r.sink = ? AND r.state = 'resolved'
WHERE CASE WHEN coalesce(o.delivered, 0) = 0 THEN coalesce(o.reserved_until, 0) <= ?
  ELSE a.resolved_at IS NOT NULL AND coalesce(r.delivered, 0) = 0 AND coalesce(r.reserved_until, 0) <= ? END
ORDER BY a.id
LIMIT ?;
