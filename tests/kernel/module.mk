tests-y += tests/kernel/test_boot_info.c tests/kernel/test_cmdline.c
hosttests-y += tests/kernel/fuzz_cmdline.c
hosttests-y += tests/kernel/test_console.c tests/kernel/test_log.c \
	tests/kernel/test_numa.c
ktests-y += tests/kernel/test_random.c tests/kernel/test_timer.c tests/kernel/test_locks.c \
	tests/kernel/test_sleepers.c
