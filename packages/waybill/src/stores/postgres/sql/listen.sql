LISTEN channel_name;
