tests-y += tests/kernel/test_boot_info.c
