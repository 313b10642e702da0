PRAGMA busy_timeout;
