SELECT id, cause, kind, detail, opened_at, resolved_at FROM waybill.outbox_alert ORDER BY id DESC LIMIT $1::bigint;
