-- A transaction with a NOTIFY writes a commit record; it may be lost in a crash, so nobody waits until it is on disk.
SELECT count(pg_notify($1::text, $2::text)) FROM (SELECT set_config('synchronous_commit', 'off', true) AS setting) AS s
WHERE s.setting = 'off';
