SELECT id, cause, kind, detail, opened_at, resolved_at FROM waybill.outbox_alert WHERE resolved_at IS NULL ORDER BY id;
