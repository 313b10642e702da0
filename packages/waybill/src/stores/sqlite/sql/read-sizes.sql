-- Sizes first: a page of 2000 rows of 1 MiB each must not be read to find that it is too much. length() of a blob reads no blob.
SELECT id, ifnull(length(key), 0) + length(headers) + ifnull(length(value), 0) AS bytes
FROM outbox INDEXED BY outbox_by_lane
WHERE lane = ? AND id > ?
ORDER BY id
LIMIT ?;
