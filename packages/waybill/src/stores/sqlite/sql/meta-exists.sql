SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'outbox_meta';
