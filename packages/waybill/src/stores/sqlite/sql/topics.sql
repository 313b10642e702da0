SELECT topic, max_message_bytes FROM outbox_topic ORDER BY topic;
