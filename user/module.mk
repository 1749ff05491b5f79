user-y += hello
