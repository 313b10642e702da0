-- Readers (the relay) and the writer (the application) do not block each other in this mode only.
PRAGMA journal_mode = WAL;
