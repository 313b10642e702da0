-- julianday holds whole milliseconds inside, so the rounded product is exact; unixepoch(subsec) needs SQLite 3.42.
SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) AS now;
