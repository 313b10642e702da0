-- Parameters: limit.
SELECT h.row_id, h.lane, h.topic, h.key, h.attempts, h.reason, h.since,
  CASE WHEN h.key IS NULL THEN 1
    ELSE (SELECT count(*) FROM outbox AS o WHERE o.lane = h.lane AND o.topic = h.topic AND o.key = h.key AND o.id >= h.row_id)
  END AS size
FROM outbox_hold AS h
ORDER BY h.since, h.row_id
LIMIT ?;
