-- Parameters in order: group, kept up to and excluding, limit.
DELETE FROM inbox
WHERE (group_id, source, message_id) IN (
  SELECT group_id, source, message_id FROM inbox INDEXED BY inbox_by_age
  WHERE group_id = ? AND keep_from < ? ORDER BY keep_from LIMIT ?
);
