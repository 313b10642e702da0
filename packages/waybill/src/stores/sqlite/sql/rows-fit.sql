SELECT count(*) AS n
FROM json_each(?) AS j CROSS JOIN outbox AS o ON o.id = j.value
WHERE o.lane = ? AND o.topic = ?;
