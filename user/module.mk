user-y += hello bench
