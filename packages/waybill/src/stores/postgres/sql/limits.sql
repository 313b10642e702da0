-- Parameters: statement timeout ms, lock timeout ms; all end with the transaction. The first is also how long it may stand idle: a
-- process that stands still between two statements would keep its locks for as long as its connection stands, and nobody could take
-- its lanes (seen: SIGSTOP between lanes-take and commit).
SELECT set_config('statement_timeout', $1::text, true), set_config('lock_timeout', $2::text, true),
  set_config('idle_in_transaction_session_timeout', $1::text, true);
