user-y += init hello bench
