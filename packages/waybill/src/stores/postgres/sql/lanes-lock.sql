SELECT count(*) FROM (SELECT lane FROM waybill.outbox_lane ORDER BY lane FOR UPDATE) AS l;
