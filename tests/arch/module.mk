ktests-y += tests/arch/test_protection.c tests/arch/test_kernel_space.c
