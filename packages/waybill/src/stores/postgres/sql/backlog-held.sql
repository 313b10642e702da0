-- The rejected rows themselves and the later rows of their keys. Asked only when there is a hold.
SELECT count(DISTINCT o.id) FROM waybill.outbox_hold AS h JOIN waybill.outbox AS o
  ON o.lane = h.lane AND o.id >= h.row_id AND (o.id = h.row_id OR (o.topic = h.topic AND o.key = h.key));
