user-y += init hello bench kv frames
