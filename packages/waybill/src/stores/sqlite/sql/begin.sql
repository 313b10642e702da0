-- IMMEDIATE: a transaction that starts as a reader and writes later fails at once when another writer came between,
-- whatever the busy timeout is.
BEGIN IMMEDIATE;
