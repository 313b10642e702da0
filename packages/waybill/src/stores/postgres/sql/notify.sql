-- A transaction with a NOTIFY writes a commit record; it may be lost in a crash, so nobody waits until it is on disk. A CASE
-- keeps the order; a subquery for it cost as much again to plan.
SELECT CASE WHEN set_config('synchronous_commit', 'off', true) = 'off' THEN pg_notify($1::text, $2::text) END AS done;
