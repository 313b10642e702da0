SELECT topic, max_message_bytes FROM waybill.outbox_topic ORDER BY topic;
