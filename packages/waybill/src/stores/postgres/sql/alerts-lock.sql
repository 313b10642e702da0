-- Parameter: lock class. One relay at a time: the second must see the reservations of the first, not wait for them and get nothing.
SELECT count(pg_advisory_xact_lock($1::int, -2));
