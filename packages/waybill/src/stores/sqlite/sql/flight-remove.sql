DELETE FROM outbox_flight WHERE lane = ? AND topic = ? AND partition = ?;
