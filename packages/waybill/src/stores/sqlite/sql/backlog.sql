SELECT
  (SELECT count(*) FROM outbox) AS waiting,
  (SELECT count(*) FROM outbox_parked) AS parked,
  (SELECT count(*) FROM outbox_hold) AS holds,
  (SELECT created_at FROM outbox ORDER BY id LIMIT 1) AS oldest;
