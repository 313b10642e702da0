-- Parameters: lane, hash of the key or NULL, message id, topic, key, headers, value. Their types come from the procedure.
CALL waybill.outbox_enqueue_one($1::text, $2, $3, $4, $5, $6, $7);
