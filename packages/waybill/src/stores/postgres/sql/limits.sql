-- Parameters: statement timeout ms, lock timeout ms; both end with the transaction.
SELECT set_config('statement_timeout', $1::text, true), set_config('lock_timeout', $2::text, true);
