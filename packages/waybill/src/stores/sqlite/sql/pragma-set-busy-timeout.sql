-- Short on purpose: SQLite waits inside the call, and the event loop with it. Longer waits are the store's, between calls.
PRAGMA busy_timeout = 10;
