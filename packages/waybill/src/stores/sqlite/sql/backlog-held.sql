-- The rejected rows themselves and the later rows of their keys. Asked only when there is a hold.
SELECT count(*) AS n FROM outbox AS o
WHERE EXISTS (SELECT 1 FROM outbox_hold AS h WHERE h.row_id = o.id)
   OR EXISTS (SELECT 1 FROM outbox_hold AS h
              WHERE h.lane = o.lane AND h.topic = o.topic AND h.key = o.key AND h.row_id < o.id);
