SELECT fence FROM outbox_lane WHERE lane = ? AND owner IS NOT NULL;
